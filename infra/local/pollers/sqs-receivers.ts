import type { Message } from '@aws-sdk/client-sqs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outage } from '../outage.ts';
import { backoffMs } from './backoff.ts';
import type { Slots } from './slots.ts';
import type { SqsQueue } from './sqs-queue.ts';
import { messagesACall } from './sqs-queue.ts';

export interface ReceiverSettings {
  queue: SqsQueue;
  batchSize: number;
  windowMs: number;
  /** A slot is an invocation: it is taken before messages are received for it. */
  slots: Slots;
  maximumConcurrency: number;
  outage: Outage;
  /** Takes a batch that is never empty, and gives its slot back in the end. */
  take(messages: Message[]): void;
}

/** So many calls bring messages while there are many. One of them is always under way, the others come to help. */
const mostReceivers = 4;
/**
 * SQS allows 20. Short, because a call cannot be taken back: what it is handed out after we have turned away stays
 * hidden until its visibility time-out. A stop waits it out instead.
 */
const longPollSeconds = 1;
const lastReceiveMs = 1_500;

/** Starts receiving. `stop` resolves when nothing more is received; a batch that comes in meanwhile is given back. */
export function startSqsReceivers(settings: ReceiverSettings): { stop(): Promise<void> } {
  const { queue, slots, outage, batchSize } = settings;
  const closing = new AbortController();
  const cutOff = new AbortController();
  let reachable: Promise<void> | undefined;
  let rush = Promise.withResolvers<void>();
  let rushing = false;

  async function receiveAlways(): Promise<void> {
    while (!closing.signal.aborted) await receiveBatch(longPollSeconds);
  }

  async function receiveInRush(): Promise<void> {
    while (!closing.signal.aborted) {
      await rush.promise;
      if ((await receiveBatch(0)) === 0 && rushing) {
        rushing = false;
        rush = Promise.withResolvers<void>();
      }
    }
  }

  async function receiveBatch(waitSeconds: number): Promise<number> {
    // Not before an invocation can start: a message that waits here grows towards its visibility time-out.
    await slots.take(closing.signal);
    const messages = await gather(waitSeconds).catch(async (error: unknown) => {
      await (reachable ??= untilReachable(error).finally(() => (reachable = undefined)));
      return [];
    });
    if (messages.length > 0 && !closing.signal.aborted) {
      settings.take(messages);
      return messages.length;
    }
    slots.give();
    await giveBack(messages);
    return 0;
  }

  async function gather(waitSeconds: number): Promise<Message[]> {
    const messages = await receive(batchSize, waitSeconds);
    const windowEnd = Date.now() + settings.windowMs;
    for (;;) {
      const room = batchSize - messages.length;
      const left = windowEnd - Date.now();
      if (messages.length === 0 || room <= 0 || left <= 0 || closing.signal.aborted) return messages;
      // Whole seconds are all that SQS offers; the last part of a window is slept through, and looked at once more.
      const seconds = Math.min(Math.floor(left / 1000), longPollSeconds);
      if (seconds === 0) await sleep(left, undefined, { signal: closing.signal }).catch(() => undefined);
      // What was received already goes to the function, whatever becomes of the rest.
      const more = await receive(room, seconds).catch(() => undefined);
      if (!more) return messages;
      messages.push(...more);
    }
  }

  async function receive(room: number, waitSeconds: number): Promise<Message[]> {
    const count = Math.min(room, messagesACall);
    const messages = await queue.receive(count, waitSeconds, cutOff.signal);
    if (messages.length === count && !rushing) {
      rushing = true;
      rush.resolve();
    }
    return messages;
  }

  /** Asks, without taking messages, until the queue answers. */
  async function untilReachable(error: unknown): Promise<void> {
    let reason = error;
    for (let failures = 1; !closing.signal.aborted; failures += 1) {
      outage.failed('queue', reason);
      await sleep(backoffMs(failures), undefined, { signal: closing.signal }).catch(() => undefined);
      try {
        await queue.probe(closing.signal);
        return outage.worked('queue');
      } catch (stillAway) {
        reason = stillAway;
      }
    }
  }

  async function giveBack(messages: Message[]): Promise<void> {
    for (let from = 0; from < messages.length; from += messagesACall) {
      const part = messages.slice(from, from + messagesACall);
      await queue.giveBack(part.flatMap(({ ReceiptHandle }) => ReceiptHandle ?? [])).catch(() => undefined);
    }
  }

  const helpers = Math.min(mostReceivers, settings.maximumConcurrency) - 1;
  const receivers = [receiveAlways(), ...Array.from({ length: helpers }, receiveInRush)];
  // A receiver that waits for a slot when all is closed ends with an error, which means nothing.
  const ended = Promise.all(receivers.map((receiver) => receiver.catch(() => undefined)));
  return {
    async stop() {
      closing.abort();
      rush.resolve();
      await Promise.race([ended, sleep(lastReceiveMs, undefined, { ref: false })]);
      cutOff.abort();
      await ended;
    },
  };
}
