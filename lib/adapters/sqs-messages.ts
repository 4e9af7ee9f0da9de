import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { mapAtOnce } from '../core/map-at-once.ts';
import { chunks } from '../core/chunks.ts';
import { mostAtOnce } from './dynamodb-batch.ts';

/** SQS takes ten messages a call, and 1 MiB for all of them. */
const mostMessages = 10;
/** When a message that failed comes again, the first time and at the latest, seconds. */
const afterFailure = { least: 5, most: 60 };

/**
 * Sends any number of messages, many in a call.
 * @throws when the queue refuses one
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Omit<SendMessageBatchRequestEntry, 'Id'>[],
): Promise<void> {
  await mapAtOnce(chunks(messages, mostMessages), mostAtOnce, async (chunk) => {
    const Entries = chunk.map((message, index) => ({ Id: String(index), ...message }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (Failed.length > 0) throw new Error(`the queue refused ${Failed.length} messages: ${Failed[0]!.Code}`);
  });
}

/**
 * Lets messages be received again after seconds, each time after twice as many, rather than after the queue's whole
 * visibility time-out. Where that fails, they come after the time-out.
 */
export async function receiveAgainSoon(
  client: SQSClient,
  queueUrl: string,
  messages: readonly SQSRecord[],
  { least, most } = afterFailure,
): Promise<void> {
  const Entries = messages.map(({ receiptHandle, attributes }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: Math.min(least * 2 ** (Number(attributes.ApproximateReceiveCount) - 1), most),
  }));
  await Promise.allSettled(
    chunks(Entries, mostMessages).map((chunk) =>
      client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: chunk })),
    ),
  );
}
