import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { EventBody, WakeUp, WakeUpQueue } from '../app/ports/wake-ups.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { chunks, mostAtOnce } from './dynamodb-batch.ts';

/** SQS takes ten messages a call, and 1 MiB for all of them. */
const mostMessages = 10;
/** Larger bodies are read from the journal instead. */
const mostBodyBytes = 32 * 1024;
const mostReceiveAgainSeconds = 60;

interface Message {
  readonly event_id: string;
  readonly endpoint_id: string;
  readonly attempts_made: number;
  readonly body?: EventBody;
}

/** Wake-ups on SQS. The message group is the endpoint: on a standard queue that is what fairness goes by. */
export function createWakeUpQueue(client: SQSClient, queueUrl: string): WakeUpQueue {
  return {
    async send(wakeUps) {
      await mapAtOnce(chunks(wakeUps, mostMessages), mostAtOnce, (chunk) =>
        sendChunk(client, queueUrl, chunk),
      );
    },
  };
}

async function sendChunk(client: SQSClient, queueUrl: string, wakeUps: WakeUp[]): Promise<void> {
  const Entries = wakeUps.map((wakeUp, index) => ({
    Id: String(index),
    MessageBody: messageText(toMessage(wakeUp)),
    MessageGroupId: wakeUp.endpointId,
    DelaySeconds: Math.ceil(wakeUp.delayMs / 1000),
  }));
  const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  if (Failed.length > 0) throw new Error(`the queue refused ${Failed.length} wake-ups: ${Failed[0]!.Code}`);
}

/**
 * SQS refuses messages with U+FFFE or U+FFFF, which JSON text may well have: they are escaped, or one event with such
 * a character would be refused for ever. JSON.stringify has escaped all others that SQS refuses.
 */
function messageText(message: Message): string {
  return JSON.stringify(message).replace(
    /[\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

function toMessage({ eventId, endpointId, attemptsMade, body }: WakeUp): Message {
  const small = body && JSON.stringify(body.headers).length + Buffer.byteLength(body.data) <= mostBodyBytes;
  return {
    event_id: eventId,
    endpoint_id: endpointId,
    attempts_made: attemptsMade,
    ...(small && { body: { eventType: body.eventType, data: body.data, headers: body.headers } }),
  };
}

/**
 * Lets messages that failed be received again after seconds, longer each time, rather than after the queue's whole
 * visibility time-out. Where that fails too, they come after the time-out.
 */
export async function receiveAgainSoon(
  client: SQSClient,
  queueUrl: string,
  messages: readonly SQSRecord[],
): Promise<void> {
  const Entries = messages.map(({ receiptHandle, attributes }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: Math.min(
      5 * 2 ** (Number(attributes.ApproximateReceiveCount) - 1),
      mostReceiveAgainSeconds,
    ),
  }));
  await Promise.allSettled(
    chunks(Entries, mostMessages).map((chunk) =>
      client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: chunk })),
    ),
  );
}

/** Reads a message back that `send` wrote. */
export function readWakeUp(messageBody: string): WakeUp {
  const { event_id, endpoint_id, attempts_made, body } = JSON.parse(messageBody) as Message;
  return { eventId: event_id, endpointId: endpoint_id, attemptsMade: attempts_made, delayMs: 0, body };
}
