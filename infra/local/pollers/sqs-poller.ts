import type { Message } from '@aws-sdk/client-sqs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOutage, reasonOf } from '../outage.ts';
import { readSqsAnswer } from './batch-answer.ts';
import { createSlots } from './slots.ts';
import { createSqsDeletes } from './sqs-deletes.ts';
import { sqsEvent } from './sqs-event.ts';
import { createSqsQueue } from './sqs-queue.ts';
import { startSqsReceivers } from './sqs-receivers.ts';

export interface SqsPollerOptions {
  /** The engine's endpoint. */
  sqsUrl: string;
  queueUrl: string;
  queueArn: string;
  /** At most so many messages an invocation. More than 10 need a window. */
  batchSize: number;
  /** How long a batch that is not full waits for more messages; 0: not at all. */
  windowSeconds: number;
  /** At most so many invocations at once. */
  maximumConcurrency: number;
  reportBatchItemFailures: boolean;
  /** Rejects when the function failed, timed out or could not start. */
  invoke(event: unknown): Promise<unknown>;
  say(line: string): void;
  /** Which mapping this is, for what is said about it. */
  tag: string;
}

const maximumBatchBytes = 6 * 1024 * 1024;
const stopWaitMs = 30_000;
const deletesWaitMs = 5_000;
const sayAgainMs = 60_000;

/**
 * Runs an event source mapping of a queue: receives only what can be invoked now, deletes what is done, and leaves what
 * failed to its visibility time-out.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 *
 * @returns when it polls; `stop` lets invocations in flight finish, for at most 30 seconds
 */
export async function startSqsPoller(options: SqsPollerOptions): Promise<{ stop(): Promise<void> }> {
  const { tag, queueArn } = options;
  const say = (line: string) => options.say(`${tag}: ${line}`);
  const queue = createSqsQueue(options.sqsUrl, options.queueUrl, queueArn.split(':')[3] || 'us-east-1');
  const deletes = createSqsDeletes(queue, say);
  const slots = createSlots(options.maximumConcurrency);
  const sayFailure = createOccasional(say);
  const receivers = startSqsReceivers({
    queue,
    batchSize: options.batchSize,
    windowMs: options.windowSeconds * 1000,
    slots,
    maximumConcurrency: options.maximumConcurrency,
    outage: createOutage(
      say,
      (reason) => `the queue cannot be read, trying again: ${reason}`,
      'the queue can be read again',
    ),
    take: (messages) => void invokeAll(messages).finally(() => slots.give()),
  });

  async function invokeAll(messages: Message[]): Promise<void> {
    for (const part of partsWithinLimit(messages)) await invoke(part);
  }

  async function invoke(messages: Message[]): Promise<void> {
    try {
      const answer = await options.invoke(sqsEvent(queueArn, messages));
      deletes.add(handlesToDelete(messages, answer));
    } catch (error) {
      sayFailure(
        `the function failed, its messages come again after their visibility time-out: ${reasonOf(error)}`,
      );
    }
  }

  /** @throws Error when nothing can be told from the answer: then Lambda repeats the whole batch */
  function handlesToDelete(messages: Message[], answer: unknown): string[] {
    if (!options.reportBatchItemFailures) return handles(messages);
    const read = readSqsAnswer(answer, new Set(messages.map(({ MessageId }) => MessageId ?? '')));
    if (read.kind === 'malformed') throw new Error(read.reason);
    const failed = new Set(read.kind === 'failed' ? read.items : []);
    return handles(messages.filter(({ MessageId }) => !failed.has(MessageId ?? '')));
  }

  return {
    async stop() {
      await receivers.stop();
      await Promise.race([slots.allFree(), sleep(stopWaitMs, undefined, { ref: false })]);
      await Promise.race([deletes.settled(), sleep(deletesWaitMs, undefined, { ref: false })]);
      queue.close();
    },
  };
}

/** "The maximum invocation payload is 6 MB": ten messages may be more, and are several invocations then. */
function partsWithinLimit(messages: Message[]): Message[][] {
  const parts: Message[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    bytes += Buffer.byteLength(JSON.stringify(message));
    if (bytes > maximumBatchBytes) {
      parts.push([]);
      bytes = Buffer.byteLength(JSON.stringify(message));
    }
    parts.at(-1)?.push(message);
  }
  return parts;
}

function handles(messages: Message[]): string[] {
  return messages.flatMap(({ ReceiptHandle }) => ReceiptHandle ?? []);
}

/** Messages that fail are a queue's daily bread, so they are worth a line once in a while only. */
function createOccasional(say: (line: string) => void): (line: string) => void {
  let saidAt = -Infinity;
  return (line) => {
    if (Date.now() - saidAt < sayAgainMs) return;
    saidAt = Date.now();
    say(line);
  };
}
