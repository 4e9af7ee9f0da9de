import { beforeEach, describe, expect, it } from 'vitest';
import { sweepDue } from '../../lib/app/sweep-due.ts';
import type {
  DeliveryKey,
  DeliveryStore,
  DueDeliveries,
  DueDelivery,
  DuePage,
  IngestStore,
} from '../../lib/app/ports/events.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import { delivery } from '../deliveries.ts';
import { ingestResult, journalEvent } from '../journal-events.ts';

export interface DueUnderTest {
  readonly store: IngestStore;
  readonly deliveries: DeliveryStore;
  readonly due: DueDeliveries;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** The beginning of a minute, in a future in which nothing expires while the tests run. */
const start = Date.UTC(2040, 0, 1, 12);

/** What every adapter of `DueDeliveries` does, beside the stores that write what becomes due. */
export function dueDeliveriesContract(
  adapter: string,
  create: (now: () => number) => Promise<DueUnderTest>,
): void {
  describe(`DueDeliveries: ${adapter}`, () => {
    let store: IngestStore;
    let deliveries: DeliveryStore;
    let due: DueDeliveries;
    let nowMs: number;
    let written: number;

    beforeEach(async () => {
      nowMs = start;
      written = 0;
      ({ store, deliveries, due } = await create(() => nowMs));
    });

    /** Writes a held delivery: nothing wakes it but the sweep. Its number spreads it over the shards. */
    const writeDue = async (dueMs: number, parts: Partial<Delivery> = {}): Promise<string> => {
      const eventId = `01HF7YAT00QKZ1V2B3N4M5${String(1000 + written++)}`;
      const row = delivery({ eventId, state: 'held', nextAttemptAtMs: dueMs, ...parts });
      await store.write(ingestResult({ deliveries: [row] }));
      return eventId;
    };
    const idsDue = async (): Promise<string[]> => {
      const found: DueDelivery[] = [];
      for await (const { deliveries } of due.due(nowMs)) found.push(...deliveries);
      return found.map(({ eventId }) => eventId);
    };
    const onlyPage = async (): Promise<DuePage> => {
      const pages: DuePage[] = [];
      for await (const page of due.due(nowMs)) pages.push(page);
      expect(pages).toHaveLength(1);
      return pages[0]!;
    };
    /** A sweep with a queue that works. */
    const sweep = async (): Promise<string[]> => {
      const woken: string[] = [];
      const wakeUps = {
        send: async (all: readonly DeliveryKey[]) => void woken.push(...all.map(({ eventId }) => eventId)),
      };
      const jobQueue = { send: async (ids: readonly string[]) => void woken.push(...ids) };
      await sweepDue({
        due,
        wakeUps,
        fanOutQueue: jobQueue,
        replayQueue: jobQueue,
        streamQueue: jobQueue,
        now: () => nowMs,
      });
      return woken;
    };

    const broken = {
      send: async () => {
        throw new Error('the queue is down');
      },
    };
    const failingSweep = () =>
      sweepDue({
        due,
        wakeUps: broken,
        fanOutQueue: broken,
        replayQueue: broken,
        streamQueue: broken,
        now: () => nowMs,
      });

    it('finds a delivery at its time and not before', async () => {
      const id = await writeDue(start + 30 * second);
      for (const early of [0, 15, 29]) {
        nowMs = start + early * second;
        expect(await idsDue(), `${early} s`).toEqual([]);
      }
      for (const late of [30, 59, 60, 61, 4 * 60]) {
        nowMs = start + late * second;
        expect(await idsDue(), `${late} s`).toEqual([id]);
      }
    });

    it('tells what a wake-up needs', async () => {
      const eventId = await writeDue(start, { endpointId: 'ep_7' });
      expect(await onlyPage()).toEqual({
        deliveries: [{ eventId, endpointId: 'ep_7', attemptsMade: 1, foundAt: expect.any(String) as string }],
        fanOuts: [],
        replays: [],
        streams: [],
      });
    });

    it('finds the older minutes first, and each delivery once', async () => {
      const byMinute: string[][] = [];
      for (const late of [4, 3, 2, 1, 0]) {
        const ids: string[] = [];
        for (let n = 0; n < 8; n++) ids.push(await writeDue(start - late * minute));
        byMinute.push(ids);
      }
      const found = await idsDue();
      expect(found).toHaveLength(40);
      for (const [at, ids] of byMinute.entries()) {
        expect(found.slice(at * 8, at * 8 + 8).sort()).toEqual(ids);
      }
    });

    it('finds more of a minute than a page holds', async () => {
      const eventId = '01HF7YAT00QKZ1V2B3N4M5P6R7';
      const rows = Array.from({ length: 250 }, (_, n) =>
        delivery({ eventId, endpointId: `ep_${n}`, state: 'held', nextAttemptAtMs: start }),
      );
      await store.write(ingestResult({ deliveries: rows }));
      const found = new Set<string>();
      for await (const page of due.due(start)) {
        await due.woken(page, start);
        for (const { endpointId } of page.deliveries) {
          expect(found).not.toContain(endpointId);
          found.add(endpointId);
        }
      }
      expect(found.size).toBe(250);
      expect(await idsDue()).toEqual([]);
    });

    it('does not find what has ended, and what was put off, only at its new time', async () => {
      const [done, later] = [await writeDue(start), await writeDue(start)];
      const { nextAttemptAtMs, ...ended } = delivery({ eventId: done, state: 'delivered' });
      await deliveries.update(ended, 1);
      const putOff = { eventId: later, state: 'held', nextAttemptAtMs: start + 20 * minute } as const;
      await deliveries.update(delivery(putOff), 1);
      expect(await idsDue()).toEqual([]);
      nowMs = start + 20 * minute;
      expect(await idsDue()).toEqual([later]);
    });

    it('finds a delivery again whose wake-up was lost, and not one that went on', async () => {
      const [lost, went] = [await writeDue(start), await writeDue(start)];
      expect((await sweep()).sort()).toEqual([lost, went].sort());
      expect(await sweep()).toEqual([]);
      const { nextAttemptAtMs, ...ended } = delivery({ eventId: went, state: 'delivered' });
      await deliveries.update(ended, 1);
      const seen: string[] = [];
      for (let at = 1; at <= 10 && seen.length === 0; at++) {
        nowMs = start + at * minute;
        seen.push(...(await sweep()));
      }
      expect(seen).toEqual([lost]);
    });

    it('leaves a queued delivery to its own wake-up at first, and finds it when that is lost', async () => {
      const id = await writeDue(start + 5 * second, { state: 'queued' });
      nowMs = start + minute;
      expect(await idsDue()).toEqual([]);
      nowMs = start + 5 * minute;
      expect(await idsDue()).toEqual([id]);
    });

    it('does not move a delivery that went on while its wake-up was sent', async () => {
      const eventId = await writeDue(start);
      const page = await onlyPage();
      const { nextAttemptAtMs, ...ended } = delivery({ eventId, state: 'delivered' });
      await deliveries.update(ended, 1);
      await due.woken(page, start);
      const next = delivery({ eventId, attempts: [], state: 'held', nextAttemptAtMs: start });
      await store.write(ingestResult({ deliveries: [next] }));
      await due.woken(page, start);
      expect(await idsDue()).toEqual([eventId]);
      await due.woken(
        {
          deliveries: [{ eventId: 'no', endpointId: 'no', attemptsMade: 1, foundAt: '' }],
          fanOuts: [{ eventId: 'no', pages: 0 }],
          replays: ['no'],
          streams: [],
        },
        start,
      );
      expect(await idsDue()).toEqual([eventId]);
    });

    it.each(['held', 'queued'] as const)(
      'leaves a delivery its time that was put off as %s while its wake-up was sent',
      async (state) => {
        const eventId = await writeDue(start);
        const page = await onlyPage();
        const laterMs = start + 2 * hour;
        expect(await deliveries.update(delivery({ eventId, state, nextAttemptAtMs: laterMs }), 1)).toBe(true);
        await due.woken(page, start);
        nowMs = laterMs - second;
        expect(await idsDue()).toEqual([]);
        nowMs = laterMs;
        expect(await idsDue()).toEqual([eventId]);
      },
    );

    it('finds a fan-out job that has stood still, and leaves one alone that has just begun', async () => {
      const event = journalEvent({ fanOut: 'running' });
      await store.write(ingestResult({ events: [event] }));
      nowMs = start + minute;
      expect(await sweep()).toEqual([]);
      nowMs = start + 4 * minute;
      expect(await sweep()).toEqual([event.id]);
      expect(await sweep()).toEqual([]);
    });

    it('finds a row for an earlier minute that is written late', async () => {
      for (const late of [1, 2, 3, 4]) {
        nowMs = start + late * 8 * minute;
        await sweep();
        const id = await writeDue(nowMs - late * minute);
        nowMs += minute;
        expect(await sweep(), `${late} minutes`).toEqual([id]);
      }
    });

    it('passes nothing over when sweeps stop for an hour', async () => {
      await sweep();
      const ids: string[] = [];
      for (let at = 0; at < 60; at += 7) ids.push(await writeDue(start + at * minute));
      nowMs = start + hour;
      expect(await sweep()).toEqual(ids);
      expect(await sweep()).toEqual([]);
    });

    it('begins again where it was when a sweep fails half-way', async () => {
      await sweep();
      const ids = [await writeDue(start + minute), await writeDue(start + 30 * minute)];
      nowMs = start + hour;
      for (let times = 0; times < 3; times++) {
        await expect(failingSweep()).rejects.toThrow('the queue is down');
        nowMs += 10 * minute;
      }
      expect(await sweep()).toEqual(ids);
    });

    it('passes nothing over when the very first sweeps fail', async () => {
      const id = await writeDue(start);
      await expect(failingSweep()).rejects.toThrow();
      nowMs = start + hour;
      expect(await sweep()).toEqual([id]);
    });

    it('finds what is due when the clock was ahead and comes back', async () => {
      await sweep();
      nowMs = start + 2 * hour;
      await sweep();
      const ids = [await writeDue(start + minute)];
      nowMs = start + 3 * minute;
      ids.push(await writeDue(nowMs));
      expect(await sweep()).toEqual(ids);
    });
  });
}
