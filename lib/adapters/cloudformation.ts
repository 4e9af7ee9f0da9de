import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { errorFields, log } from './log.ts';
import { within } from './within.ts';

/** What it takes to tell CloudFormation, at most. */
const answerMs = 10_000;

/**
 * Does what CloudFormation asks of a custom resource, and tells it how that went: it waits for an answer, not for the invocation.
 * What fails or takes too long fails the resource, with the reason, and CloudFormation goes back to what was before.
 * @param resourceId what the resource is known by: another one at an update makes CloudFormation delete the former one
 * @param leftMs how long the invocation has
 * @throws Error when CloudFormation could not be told
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export async function answerCloudFormation<Properties>(
  request: CloudFormationCustomResourceEvent<Properties>,
  resourceId: string,
  leftMs: number,
  work: (request: CloudFormationCustomResourceEvent<Properties>) => Promise<void>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, RequestType } = request;
  const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: resourceId };
  try {
    await within(leftMs - answerMs, work(request), () => {
      throw new Error('this took longer than the function may');
    });
    log('INFO', 'custom resource is as asked', { resource: LogicalResourceId, request: RequestType });
    await tell(request.ResponseURL, { ...answer, Status: 'SUCCESS' });
  } catch (error) {
    if (error instanceof NotTold) throw error;
    log('ERROR', 'custom resource failed', {
      resource: LogicalResourceId,
      request: RequestType,
      ...errorFields(error),
    });
    const reason = error instanceof Error ? error.message : String(error);
    await tell(request.ResponseURL, { ...answer, Status: 'FAILED', Reason: reason.slice(0, 1000) });
  }
}

class NotTold extends Error {}

/** The address is signed for this one use: it must not be in a log. */
async function tell(url: string, answer: CloudFormationCustomResourceResponse): Promise<void> {
  const body = JSON.stringify(answer);
  for (let tries = 1; ; tries += 1) {
    try {
      const signal = AbortSignal.timeout(answerMs / 4);
      const { ok, status } = await fetch(url, { method: 'PUT', body, signal });
      if (ok) return;
      throw new Error(`CloudFormation answered ${status}`);
    } catch (error) {
      if (tries === 3) throw new NotTold('CloudFormation could not be told', { cause: error });
    }
  }
}
