import type { SQSClient } from '@aws-sdk/client-sqs';
import type { FanOutQueue } from '../app/ports/fan-outs.ts';
import { sendMessages } from './sqs-messages.ts';

/** Fan-out jobs on SQS: a message is the id of its event. */
export function createFanOutQueue(client: SQSClient, queueUrl: string): FanOutQueue {
  return {
    send: (eventIds) =>
      sendMessages(
        client,
        queueUrl,
        eventIds.map((eventId) => ({ MessageBody: eventId })),
      ),
  };
}
