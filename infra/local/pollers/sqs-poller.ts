import type { Message } from '@aws-sdk/client-sqs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOutage, reasonOf } from '../outage.ts';
import { backoffMs } from './backoff.ts';
import { readSqsAnswer } from './batch-answer.ts';
import { createSlots } from './slots.ts';
import { createSqsDeletes } from './sqs-deletes.ts';
import { sqsEvent } from './sqs-event.ts';
import { createSqsQueue, MESSAGES_A_CALL } from './sqs-queue.ts';

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

/** So many calls wait for messages at once, however many invocations are allowed. */
const RECEIVERS = 4;
/** SQS allows 20. Less, because a call that is given up may still take messages at the other end. */
const LONG_POLL_SECONDS = 5;
const MAXIMUM_BATCH_BYTES = 6 * 1024 * 1024;
const STOP_WAIT_MS = 30_000;
const DELETES_WAIT_MS = 5_000;
const SAY_AGAIN_MS = 60_000;

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
  const stopping = new AbortController();
  const stop = stopping.signal;
  const sayFailure = createOccasional(say);
  const outage = createOutage(
    say,
    (reason) => `the queue cannot be read, trying again: ${reason}`,
    'the queue can be read again',
  );
  let reachable: Promise<void> | undefined;

  async function receiveUntilStopped(): Promise<void> {
    while (!stop.aborted) {
      // Not before an invocation can start: a message that waits here grows towards its visibility time-out.
      await slots.take(stop);
      const messages = await gatherBatch().catch(async (error: unknown) => {
        await (reachable ??= untilReachable(error).finally(() => (reachable = undefined)));
        return [];
      });
      if (messages.length === 0) slots.give();
      else void invokeAll(messages).finally(() => slots.give());
    }
  }

  async function gatherBatch(): Promise<Message[]> {
    const messages = await queue.receive(
      Math.min(options.batchSize, MESSAGES_A_CALL),
      LONG_POLL_SECONDS,
      stop,
    );
    const windowEnd = Date.now() + options.windowSeconds * 1000;
    for (;;) {
      const room = options.batchSize - messages.length;
      const left = windowEnd - Date.now();
      if (messages.length === 0 || room <= 0 || left <= 0 || stop.aborted) return messages;
      // Whole seconds are all that SQS offers; the last part of a window is slept through, and looked at once more.
      const wait = Math.floor(left / 1000);
      if (wait === 0) await sleep(left, undefined, { signal: stop }).catch(() => undefined);
      // What was received already goes to the function, whatever becomes of the rest.
      const more = queue.receive(Math.min(room, MESSAGES_A_CALL), wait, stop).catch(() => undefined);
      const received = await more;
      if (!received) return messages;
      messages.push(...received);
    }
  }

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

  /** Asks, without taking messages, until the queue answers. */
  async function untilReachable(error: unknown): Promise<void> {
    let reason = error;
    for (let failures = 1; !stop.aborted; failures += 1) {
      outage.failed(tag, reason);
      await sleep(backoffMs(failures), undefined, { signal: stop }).catch(() => undefined);
      try {
        await queue.probe(stop);
        return outage.worked(tag);
      } catch (stillAway) {
        reason = stillAway;
      }
    }
  }

  const receivers = Array.from({ length: Math.min(RECEIVERS, options.maximumConcurrency) }, () =>
    receiveUntilStopped().catch(() => undefined),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(receivers);
      await Promise.race([slots.allFree(), sleep(STOP_WAIT_MS, undefined, { ref: false })]);
      await Promise.race([deletes.settled(), sleep(DELETES_WAIT_MS, undefined, { ref: false })]);
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
    if (bytes > MAXIMUM_BATCH_BYTES) {
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
    if (Date.now() - saidAt < SAY_AGAIN_MS) return;
    saidAt = Date.now();
    say(line);
  };
}
