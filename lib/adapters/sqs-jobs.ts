import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ReplayQueue } from '../app/ports/replays.ts';
import { sendMessages } from './sqs-messages.ts';

/** Jobs on SQS, replays or fan-outs: a message is the job's id, which for a fan-out is its event's. */
export function createJobQueue(client: SQSClient, queueUrl: string): ReplayQueue {
  return {
    send: (ids, delayMs = 0) =>
      sendMessages(
        client,
        queueUrl,
        ids.map((id) => ({ MessageBody: id, DelaySeconds: Math.ceil(delayMs / 1000) })),
      ),
  };
}
