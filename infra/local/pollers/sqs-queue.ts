import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';

/** A queue, each call to which ends: an engine that hangs takes connections and never answers. */
export interface SqsQueue {
  /**
   * Receives up to `count` messages (1 to 10), waiting up to `waitSeconds` for the first.
   * @throws when the queue cannot be reached, or `stop` was aborted
   */
  receive(count: number, waitSeconds: number, stop: AbortSignal): Promise<Message[]>;
  /** Deletes up to 10 messages. Returns those that have to be tried again; a receipt that is refused for good is not. */
  remove(receiptHandles: string[]): Promise<string[]>;
  /** Gives up to 10 messages back, to be received by somebody else at once. */
  giveBack(receiptHandles: string[]): Promise<void>;
  /** Whether the queue answers, without taking anything from it. @throws when it does not */
  probe(stop: AbortSignal): Promise<void>;
  close(): void;
}

/** SQS gives and takes at most ten messages a call. */
export const messagesACall = 10;

/**
 * Long, on purpose: what a queue that was only frozen hands out afterwards to a call that was given up stays hidden
 * until its visibility time-out.
 */
const receiveTimeoutMs = 20_000;
const callTimeoutMs = 5_000;

export function createSqsQueue(endpoint: string, queueUrl: string, region: string): SqsQueue {
  const client = new SQSClient({
    endpoint,
    region,
    // Any pair will do here; from the environment they could be those of a real account.
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // Trying again is the poller's business, which says so.
    maxAttempts: 1,
  });
  const within = (milliseconds: number, stop?: AbortSignal) => {
    const limit = AbortSignal.timeout(milliseconds);
    return { abortSignal: stop ? AbortSignal.any([limit, stop]) : limit };
  };
  return {
    async receive(count, waitSeconds, stop) {
      const command = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: count,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      const { Messages } = await client.send(command, within(waitSeconds * 1000 + receiveTimeoutMs, stop));
      return Messages ?? [];
    },
    async remove(receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      const command = new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const { Failed } = await client.send(command, within(callTimeoutMs));
      const again = Failed?.filter(({ SenderFault }) => !SenderFault).map(
        ({ Id }) => receiptHandles[Number(Id)],
      );
      return again?.filter((handle) => handle !== undefined) ?? [];
    },
    async giveBack(receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: 0,
      }));
      await client.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }),
        within(callTimeoutMs),
      );
    },
    async probe(stop) {
      const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] });
      await client.send(command, within(callTimeoutMs, stop));
    },
    close: () => client.destroy(),
  };
}
