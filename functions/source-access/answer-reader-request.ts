import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { answerCloudFormation } from '../../lib/adapters/cloudformation.ts';
import type { SourceReader, SourceReaders } from '../../lib/app/ports/source-readers.ts';

export type ReaderRequest = CloudFormationCustomResourceEvent<SourceReader & { ServiceToken: string }>;

/** Makes, changes or removes a reader as CloudFormation asks. Another user of a source is another reader: the former is deleted after. */
export function answerReaderRequest(
  readers: SourceReaders,
  request: ReaderRequest,
  leftMs: number,
): Promise<void> {
  const { username } = request.ResourceProperties;
  return answerCloudFormation(request, username, leftMs, ({ RequestType, ResourceProperties }) =>
    RequestType === 'Delete' ? readers.letReadNothing(username) : readers.letRead(ResourceProperties),
  );
}
