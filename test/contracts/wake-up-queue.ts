import type { SQSRecord } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { type WakeUp, type WakeUpQueue, mostWakeUpDelayMs } from '../../lib/app/ports/wake-ups.ts';

/** A message as Lambda hands it to the delivery function. */
export type Message = Pick<SQSRecord, 'body' | 'receiptHandle' | 'attributes'>;

export interface WakeUpsUnderTest {
  readonly queue: WakeUpQueue;
  /** Receives what is visible, up to `count`; waits for seconds when there is nothing, then answers nothing. */
  receive(count: number, waitSeconds?: number): Promise<Message[]>;
  /** Receives wake-ups of the slow lane. */
  receiveSlow(): Promise<WakeUp[]>;
  /** How many messages are held back. */
  delayed(): Promise<number>;
  /** What the delivery function reads a message with. */
  readonly read: (body: string) => WakeUp;
  /** What the delivery function gives messages back with that failed. */
  readonly receiveAgainSoon: (messages: readonly Message[]) => Promise<void>;
}

const wakeUp = (parts: Partial<WakeUp> = {}): WakeUp => ({
  eventId: '01HF7YAT00QKZ1V2B3N4M5P6R7',
  endpointId: 'ep_1',
  attemptsMade: 1,
  delayMs: 0,
  lane: 'usual',
  ...parts,
});
const body = (data: string, headers: Record<string, string> = {}) => ({ eventType: 'a', data, headers });

/** What every adapter of `WakeUpQueue` does. */
export function wakeUpQueueContract(adapter: string, create: () => Promise<WakeUpsUnderTest>): void {
  describe(`WakeUpQueue: ${adapter}`, () => {
    let tested: WakeUpsUnderTest;
    beforeEach(async () => {
      tested = await create();
    });

    const receiveAll = async (count: number): Promise<Message[]> => {
      const messages: Message[] = [];
      while (messages.length < count) {
        const more = await tested.receive(10, 5);
        if (more.length === 0) break;
        messages.push(...more);
      }
      return messages;
    };
    const wakeUpsOf = (messages: readonly Message[]) => messages.map((message) => tested.read(message.body));
    const sendAndReceive = async (...wakeUps: WakeUp[]): Promise<WakeUp[]> => {
      await tested.queue.send(wakeUps);
      return wakeUpsOf(await receiveAll(wakeUps.length));
    };

    it('keeps the wake-ups of slow endpoints apart', async () => {
      const [usual, slow] = [wakeUp(), wakeUp({ endpointId: 'ep_2', lane: 'slow' })];
      expect(await sendAndReceive(usual, slow)).toEqual([usual]);
      expect(await tested.receiveSlow()).toEqual([slow]);
    });

    it.each<[string, Partial<WakeUp>]>([
      ['without a body', {}],
      ['with a body', { attemptsMade: 7, body: body('{ "n": 1.10 }', { 'x-a': 'ünï "quoted"' }) }],
      [
        'of an event with an id and a time of its own',
        { body: { ...body('1'), givenId: 'evt_1', timeMs: -1 } },
      ],
      [
        'with every character that JSON text in UTF-8 can have',
        {
          body: body(
            JSON.stringify('\u0000\u001f\u007f\u0085\u2028\ud83d\ude00') + '"\u007f\u0085\uffff\ufffe\ufdd0"',
            {
              'x-a': 'a\tb\uffff',
            },
          ),
        },
      ],
    ])('carries a wake-up %s', async (_, parts) => {
      expect(await sendAndReceive(wakeUp(parts))).toEqual([wakeUp(parts)]);
    });

    it('carries each of 25 wake-ups that are sent in one call', async () => {
      const many = Array.from({ length: 25 }, (_, n) => wakeUp({ endpointId: `ep_${n}`, attemptsMade: n }));
      const received = await sendAndReceive(...many);
      expect(received.sort((one, other) => one.attemptsMade - other.attemptsMade)).toEqual(many);
      expect(await tested.receive(10)).toEqual([]);
    });

    it('carries ten of the largest bodies in one call, whatever escaping they need', async () => {
      const data = JSON.stringify('\\"'.repeat(8_000));
      const many = Array.from({ length: 10 }, (_, n) => wakeUp({ attemptsMade: n, body: body(data) }));
      const received = await sendAndReceive(...many);
      expect(received.sort((one, other) => one.attemptsMade - other.attemptsMade)).toEqual(many);
    });

    it('sends nothing where there is nothing', async () => {
      await tested.queue.send([]);
      expect(await tested.receive(10)).toEqual([]);
    });

    it('leaves a large body out, and nothing but it', async () => {
      const [small, large] = ['"x"', `"${'x'.repeat(32 * 1024)}"`];
      const headers = { 'x-a': 'x'.repeat(32 * 1024) };
      const received = await sendAndReceive(
        wakeUp({ attemptsMade: 0, body: body(small) }),
        wakeUp({ attemptsMade: 1, body: body(large) }),
        wakeUp({ attemptsMade: 2, body: body(small, headers) }),
      );
      expect(received.sort((one, other) => one.attemptsMade - other.attemptsMade)).toEqual([
        wakeUp({ attemptsMade: 0, body: body(small) }),
        wakeUp({ attemptsMade: 1 }),
        wakeUp({ attemptsMade: 2 }),
      ]);
    });

    it('groups messages by endpoint, so that one endpoint’s many do not hold up another’s', async () => {
      await tested.queue.send([wakeUp({ endpointId: 'ep_1' }), wakeUp({ endpointId: 'ep_2' })]);
      const groups = (await receiveAll(2)).map(({ body, attributes }) => [
        tested.read(body).endpointId,
        attributes.MessageGroupId,
      ]);
      expect(groups.sort()).toEqual([
        ['ep_1', 'ep_1'],
        ['ep_2', 'ep_2'],
      ]);
    });

    it('hands several messages of one group out at once', async () => {
      await tested.queue.send([1, 2, 3].map((attemptsMade) => wakeUp({ attemptsMade })));
      expect(await receiveAll(3)).toHaveLength(3);
    });

    it('holds a wake-up back for its delay, and no other', async () => {
      const later = wakeUp({ delayMs: 1500, attemptsMade: 2 });
      await tested.queue.send([later, wakeUp()]);
      expect(wakeUpsOf(await tested.receive(10, 1))).toEqual([wakeUp()]);
      expect(wakeUpsOf(await tested.receive(10, 10))).toEqual([{ ...later, delayMs: 0 }]);
    });

    it('takes delays up to the longest', async () => {
      await tested.queue.send([wakeUp({ delayMs: mostWakeUpDelayMs }), wakeUp({ delayMs: 1 })]);
      expect(await receiveAll(1)).toHaveLength(1);
      expect(await tested.delayed()).toBe(1);
      expect(await tested.receive(10)).toEqual([]);
    });

    it('rejects when not all could be sent', async () => {
      const refused = wakeUp({ delayMs: mostWakeUpDelayMs + 1 });
      await expect(tested.queue.send([wakeUp(), refused])).rejects.toThrow();
    });

    it('lets messages that failed be received again soon, all of more than ten, counting', async () => {
      await tested.queue.send(Array.from({ length: 12 }, (_, attemptsMade) => wakeUp({ attemptsMade })));
      const first = await receiveAll(12);
      expect(new Set(first.map(({ attributes }) => attributes.ApproximateReceiveCount))).toEqual(
        new Set(['1']),
      );
      expect(await tested.receive(10)).toEqual([]);
      await tested.receiveAgainSoon(first);
      const again: Message[] = [];
      while (again.length < 12) again.push(...(await tested.receive(10, 10)));
      expect(again.map(({ body }) => body).sort()).toEqual(first.map(({ body }) => body).sort());
      expect(new Set(again.map(({ attributes }) => attributes.ApproximateReceiveCount))).toEqual(
        new Set(['2']),
      );
    });

    it('does not mind messages that cannot be given back', async () => {
      await tested.queue.send([wakeUp()]);
      const [message] = await receiveAll(1);
      await tested.receiveAgainSoon([{ ...message!, receiptHandle: 'no handle' }]);
      await tested.receiveAgainSoon([]);
    });
  });
}
