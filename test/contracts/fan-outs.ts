import { beforeEach, describe, expect, it } from 'vitest';
import type { EventReader, IngestStore } from '../../lib/app/ports/events.ts';
import type { FanOutStore } from '../../lib/app/ports/fan-outs.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { FanOutJob, FanOutPage } from '../../lib/core/fan-out.ts';
import type { JournalEvent } from '../../lib/core/journal.ts';
import { delivery } from '../deliveries.ts';
import { ingestResult, journalEvent } from '../journal-events.ts';

export interface FanOutsUnderTest {
  readonly store: IngestStore;
  readonly events: EventReader;
  readonly fanOuts: FanOutStore;
}

const ids = createEventIds('contract');
const second = 1000;

/** What every adapter of `FanOutStore` does, beside the stores that begin a job and read what it came to. */
export function fanOutsContract(
  adapter: string,
  create: (ids: ReturnType<typeof createEventIds>, now: () => number) => Promise<FanOutsUnderTest>,
): void {
  describe(`FanOutStore: ${adapter}`, () => {
    let store: IngestStore;
    let events: EventReader;
    let fanOuts: FanOutStore;
    let nowMs: number;
    let offsets = 0;

    beforeEach(async () => {
      nowMs = Date.now();
      ({ store, events, fanOuts } = await create(ids, () => nowMs));
    });

    /** Takes a job that nobody else has. */
    const take = async (id: string): Promise<FanOutJob> => {
      const job = await fanOuts.take(id, until());
      if (job === undefined || job === 'leased') throw new Error(`no job: ${String(job)}`);
      return job;
    };
    const begin = async (parts: Partial<JournalEvent> = {}): Promise<JournalEvent> => {
      const address = { source: 1, partition: 0, offset: offsets++, index: 0 };
      const timeMs = 1_700_000_000_000;
      const event = journalEvent({
        id: ids.encode(timeMs, address),
        timeMs,
        address,
        fanOut: 'running',
        ...parts,
      });
      await store.write(ingestResult({ events: [event] }));
      return event;
    };
    const page = (orgId: string, endpointId: string): FanOutPage => ({
      deliveries: [{ orgId, endpointId, state: 'delivered', attempts: [] }],
      notDelivered: [],
      moreNotDelivered: {},
    });
    const until = () => nowMs + 60 * second;

    it('has no job for an event that needs none', async () => {
      const { id } = await begin({ fanOut: undefined });
      expect(await fanOuts.take(id, until())).toBeUndefined();
    });

    it('gives a job to one of many at once, and to another when it is released or its time is over', async () => {
      const { id } = await begin();
      const taken = await Promise.all(Array.from({ length: 8 }, (_, n) => fanOuts.take(id, until() + n)));
      const job = { eventId: id, createdAtMs: nowMs, pages: 0, done: false };
      expect(taken.filter((one) => one !== 'leased')).toEqual([job]);
      const holder = taken.findIndex((one) => one !== 'leased');
      await fanOuts.release(id, until() + 100);
      expect(await fanOuts.take(id, until())).toBe('leased');
      await fanOuts.release(id, until() + holder);
      expect(await fanOuts.take(id, until())).toEqual(job);
      expect(await fanOuts.take(id, until())).toBe('leased');
      nowMs += 61 * second;
      expect(await fanOuts.take(id, until())).toEqual(job);
    });

    it('goes on where the last page ended, and is over with the last one', async () => {
      const { id } = await begin();
      const first = await take(id);
      await fanOuts.finishPage(first, page('acme', 'ep_1'), [], 'behind ep_1');
      await fanOuts.release(id, until());
      const next = await take(id);
      expect(next).toEqual({ ...first, pages: 1, cursor: 'behind ep_1' });
      expect(await fanOuts.finishPage(next, page('acme', 'ep_2'), [], undefined)).toMatchObject({
        done: true,
      });
      await fanOuts.release(id, until());
      expect(await fanOuts.take(id, until())).toBeUndefined();
    });

    it('refuses a page of one who was overtaken', async () => {
      const { id } = await begin();
      const slow = await take(id);
      nowMs += 61 * second;
      const fast = await take(id);
      await fanOuts.finishPage(fast, page('acme', 'ep_1'), [], 'behind ep_1');
      await expect(fanOuts.finishPage(slow, page('acme', 'ep_1'), [], 'behind ep_1')).rejects.toThrow();
    });

    it('keeps a job that has come further when its record comes again', async () => {
      const event = await begin();
      const job = await take(event.id);
      await fanOuts.finishPage(job, page('acme', 'ep_1'), [], 'behind ep_1');
      await fanOuts.release(event.id, until());
      await store.write(ingestResult({ events: [event] }));
      expect(await fanOuts.take(event.id, until())).toMatchObject({ pages: 1, cursor: 'behind ep_1' });
    });

    it('shows the event with what its pages came to, to each org its own', async () => {
      const event = await begin();
      expect(await events.find(event.id)).toEqual([{ orgId: '-', entry: event }]);
      const job = await take(event.id);
      const waiting = delivery({ eventId: event.id, endpointId: 'ep_1', orgId: 'acme' });
      const second = await fanOuts.finishPage(job, page('acme', 'ep_1'), [waiting], 'behind ep_1');
      const more: FanOutPage = {
        ...page('globex', 'ep_2'),
        notDelivered: [{ endpointId: 'ep_3', orgId: 'globex', reason: 'disabled' }],
        moreNotDelivered: { filter: 3 },
      };
      await fanOuts.finishPage(second, more, [], undefined);
      const found = Object.fromEntries(
        (await events.find(event.id)).map(({ orgId, entry }) => [orgId, entry as JournalEvent]),
      );
      expect(Object.keys(found).sort()).toEqual(['-', 'acme', 'globex']);
      expect(found['acme']).toMatchObject({
        fanOut: 'done',
        deliveries: page('acme', 'ep_1').deliveries,
        notDelivered: [],
      });
      expect(found['globex']).toMatchObject({
        deliveries: more.deliveries,
        notDelivered: more.notDelivered,
      });
      expect(found['-']).toMatchObject({ deliveries: [], moreNotDelivered: { filter: 3 } });
      for (const orgId of ['acme', 'globex']) {
        expect(await events.find(event.id, orgId)).toEqual([{ orgId, entry: found[orgId] }]);
        expect(await events.concerns(event.id, orgId)).toBe(true);
      }
      expect(await events.find(event.id, 'umbrella')).toEqual([]);
      expect(await events.concerns(event.id, 'umbrella')).toBe(false);
      expect(await events.journalled(event.id)).toEqual([{ orgId: '-', entry: event }]);
      expect(await events.deliveriesOf(event.id)).toEqual([waiting]);
      expect(await events.read(event.id)).toEqual(event);
    });
  });
}
