import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ReplayQueue } from '../app/ports/replays.ts';
import { sendMessages } from './sqs-messages.ts';

/** Replays on SQS: a message is the replay's id. */
export function createReplayQueue(client: SQSClient, queueUrl: string): ReplayQueue {
  return {
    send: (ids, delayMs = 0) =>
      sendMessages(
        client,
        queueUrl,
        ids.map((id) => ({ MessageBody: id, DelaySeconds: Math.ceil(delayMs / 1000) })),
      ),
  };
}
