import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { answerCloudFormation } from '../../lib/adapters/cloudformation.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { createSourceReaders } from '../../lib/adapters/kafka-acls.ts';
import { createOperator } from '../../lib/adapters/kafka-operator.ts';
import { createMskAccess } from '../../lib/adapters/msk-brokers.ts';
import type { SourceReader } from '../../lib/app/ports/source-readers.ts';
import type { MskCluster } from '../../lib/core/stream-cluster-settings.ts';

const cluster = JSON.parse(environment('CLUSTER')) as MskCluster;
const readers = createSourceReaders(createOperator(createMskAccess(cluster)));

/** A custom resource of CloudFormation, which has none for Kafka's ACLs: what the user of a source may read. */
export async function handler(
  request: CloudFormationCustomResourceEvent<SourceReader & { ServiceToken: string }>,
  context: Context,
): Promise<void> {
  const { username } = request.ResourceProperties;
  const leftMs = context.getRemainingTimeInMillis();
  await answerCloudFormation(request, username, leftMs, ({ RequestType, ResourceProperties }) =>
    RequestType === 'Delete' ? readers.letReadNothing(username) : readers.letRead(ResourceProperties),
  );
}
