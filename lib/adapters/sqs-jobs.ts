import type { SQSClient } from '@aws-sdk/client-sqs';
import type { JobQueue } from '../app/ports/jobs.ts';
import { sendMessages } from './sqs-messages.ts';

/**
 * Jobs on SQS: a message is the job's id, which for a fan-out is its event's, for a stream its org's. The message group is
 * the org, where that is told: on a standard queue that is what fairness goes by.
 */
export function createJobQueue(client: SQSClient, queueUrl: string): JobQueue {
  return {
    send: (ids, delayMs = 0, orgId?) =>
      sendMessages(
        client,
        queueUrl,
        ids.map((id) => ({
          MessageBody: id,
          DelaySeconds: Math.ceil(delayMs / 1000),
          MessageGroupId: orgId,
        })),
      ),
  };
}
