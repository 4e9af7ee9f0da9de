import { beforeEach, describe, expect, it } from 'vitest';
import type { EventLists } from '../../lib/app/ports/event-lists.ts';
import type { EventReader } from '../../lib/app/ports/events.ts';
import type { FanOutStore } from '../../lib/app/ports/fan-outs.ts';
import type { PublishedEvent, PublishedEvents } from '../../lib/app/ports/published-events.ts';
import { randomCallPlace } from '../../lib/core/call-place.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { JournalEvent } from '../../lib/core/journal.ts';
import { delivery } from '../deliveries.ts';
import { journalEvent } from '../journal-events.ts';

export interface PublishedUnderTest {
  readonly published: PublishedEvents;
  readonly events: EventReader;
  readonly lists: EventLists;
  readonly fanOuts: FanOutStore;
}

const ids = createEventIds('contract');
const hour = 3_600_000;

/** What every adapter of `PublishedEvents` does, beside the stores that read what it wrote; its window is 24 hours. */
export function publishedEventsContract(
  adapter: string,
  create: (ids: ReturnType<typeof createEventIds>, now: () => number) => Promise<PublishedUnderTest>,
): void {
  describe(`PublishedEvents: ${adapter}`, () => {
    let tested: PublishedUnderTest;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = Date.now();
      tested = await create(ids, () => nowMs);
    });

    /** Events of one call of acme, with a number of deliveries each. */
    const call = (
      parts: readonly Partial<JournalEvent>[],
      deliveries = 1,
      place = randomCallPlace(),
    ): PublishedEvent[] =>
      parts.map((one, index) => {
        const address = { ...place, index };
        const timeMs = one.timeMs ?? nowMs;
        const id = ids.encode(timeMs, address);
        const rows = Array.from({ length: deliveries }, (_, n) =>
          delivery({ eventId: id, endpointId: `ep_${n}`, attempts: [] }),
        );
        const event = journalEvent({
          id,
          timeMs,
          address,
          target: { type: 'fanout', ownerId: 'acme' },
          deliveries: rows.map(({ endpointId, orgId, state }) => ({
            endpointId,
            orgId,
            state,
            attempts: [],
          })),
          ...one,
        });
        return { event, deliveries: rows };
      });
    const write = (events: readonly PublishedEvent[], org = 'acme') => tested.published.write(org, events);
    const idsOf = (events: readonly PublishedEvent[]) => events.map(({ event }) => event.id);
    const expectThere = async (all: readonly PublishedEvent[]) => {
      for (const { event, deliveries } of all) {
        expect(await tested.events.find(event.id, 'acme')).toEqual([{ orgId: 'acme', entry: event }]);
        const rows = await tested.events.deliveriesOf(event.id);
        expect(rows.map(({ endpointId }) => endpointId).sort()).toEqual(
          deliveries.map(({ endpointId }) => endpointId).sort(),
        );
      }
    };
    const expectNothingOf = async (all: readonly PublishedEvent[]) => {
      for (const { event } of all) {
        expect(await tested.events.find(event.id)).toEqual([]);
        expect(await tested.events.deliveriesOf(event.id)).toEqual([]);
      }
    };

    it('writes events with their deliveries, and lists them by org and by call', async () => {
      const events = call([{}, { givenId: 'evt_1' }, { timeMs: nowMs - 5 * hour }]);
      expect(await write(events)).toEqual(idsOf(events));
      await expectThere(events);
      const { source, partition, offset } = events[0]!.event.address;
      const found = await tested.lists.ofRecord({ source, partition, offset });
      expect(found.map(({ id }) => id)).toEqual(idsOf(events));
      const asked = { orgId: 'acme', sinceMs: nowMs - 6 * hour, untilMs: nowMs + 1, limit: 10 };
      const { entries } = await tested.lists.list(asked);
      expect(entries.map(({ entry }) => entry)).toMatchObject(
        [events[1]!, events[0]!, events[2]!].map(({ event: { id } }) => ({ id })),
      );
      expect(entries[0]!.entry).toMatchObject({ givenId: 'evt_1' });
    });

    it('writes 100 events of 25 deliveries, more than many transactions take', async () => {
      const events = call(
        Array.from({ length: 100 }, (_, n) => ({
          timeMs: nowMs - n * hour,
          ...(n % 2 && { givenId: `evt_${n}` }),
        })),
        25,
      );
      expect(await write(events)).toEqual(idsOf(events));
      await expectThere([0, 1, 49, 50, 99].map((at) => events[at]!));
    });

    it('finds nothing of an event of another call, whatever stands around it', async () => {
      const place = randomCallPlace();
      await write(call([{}, {}], 1, place));
      const address = { ...place, index: 2 };
      expect(await tested.events.find(ids.encode(nowMs, address))).toEqual([]);
      const before = { ...place, offset: place.offset - 1, index: 0 };
      expect(await tested.events.find(ids.encode(nowMs, before))).toEqual([]);
    });

    it('writes only the first event with an id that is given twice, and of its call all others', async () => {
      const [first] = call([{ givenId: 'evt_1' }]) as [PublishedEvent];
      await write([first]);
      const later = call([{}, { givenId: 'evt_1' }, { givenId: 'evt_2' }]);
      const [a, duplicate, b] = later as [PublishedEvent, PublishedEvent, PublishedEvent];
      expect(await write(later)).toEqual([a.event.id, first.event.id, b.event.id]);
      await expectThere([first, a, b]);
      await expectNothingOf([duplicate]);
    });

    it('writes exactly one of many at once with the same given id', async () => {
      const copies = Array.from({ length: 8 }, () => call([{ givenId: 'evt_1' }, {}], 3));
      const holders = await Promise.all(copies.map((events) => write(events)));
      const [winner, ...others] = new Set(holders.map(([holder]) => holder));
      expect(others).toEqual([]);
      const isWinner = ({ event }: PublishedEvent) => event.id === winner;
      await expectThere(copies.flat().filter((one) => isWinner(one) || one.event.givenId === undefined));
      await expectNothingOf(copies.flat().filter((one) => !isWinner(one) && one.event.givenId));
    });

    it('takes what it has written already for written, as when the answer of the first try got lost', async () => {
      const [other] = call([{ givenId: 'evt_1' }]) as [PublishedEvent];
      await write([other]);
      const events = call([{}, { givenId: 'evt_1' }, { givenId: 'evt_2' }]);
      const written = await write(events);
      expect(await write(events)).toEqual(written);
      await expectThere([events[0]!, events[2]!]);
      await expectNothingOf([events[1]!]);
    });

    it('refuses what is there otherwise, and leaves it as it is', async () => {
      for (const parts of [
        [{}, {}],
        [{ givenId: 'evt_1' }, {}],
      ]) {
        const place = randomCallPlace();
        const events = call(parts, 1, place);
        await write(events);
        await expect(write(call(parts, 2, place))).rejects.toThrow();
        await expectThere(events);
      }
    });

    it('makes a job for what is to be fanned out', async () => {
      const events = call([{ fanOut: 'running', givenId: 'evt_1' }], 0);
      await write(events);
      const [id] = idsOf(events) as [string];
      expect(await tested.fanOuts.take(id, nowMs + 1000)).toMatchObject({ eventId: id, pages: 0 });
    });

    it('tells who has a given id: within the window for new events, and by name as long as it is kept', async () => {
      const [first] = call([{ givenId: 'evt_1' }]) as [PublishedEvent];
      await write([first]);
      const { published } = tested;
      const { id } = first.event;
      expect(await published.holders('acme', ['evt_1', 'evt_2'])).toEqual(new Map([['evt_1', id]]));
      expect(await published.holders('globex', ['evt_1'])).toEqual(new Map());
      expect(await published.holders('acme', [])).toEqual(new Map());
      expect(await published.named('globex', 'evt_1')).toBeUndefined();
      expect(await published.named('acme', 'evt_2')).toBeUndefined();

      nowMs += 24 * hour - 1000;
      expect(await write(call([{ givenId: 'evt_1' }]))).toEqual([id]);
      nowMs += 2000;
      expect(await published.holders('acme', ['evt_1'])).toEqual(new Map());
      expect(await published.named('acme', 'evt_1')).toBe(id);
      const [second] = call([{ givenId: 'evt_1' }]) as [PublishedEvent];
      expect(await write([second])).toEqual([second.event.id]);
      expect(await published.named('acme', 'evt_1')).toBe(second.event.id);
      await expectThere([first, second]);
    });

    it('keeps the given ids of orgs apart, and from the keys of sources', async () => {
      const [own] = call([{ givenId: 'evt_1' }]) as [PublishedEvent];
      const [other] = call([{ givenId: 'evt_1' }]) as [PublishedEvent];
      expect(await write([own])).toEqual([own.event.id]);
      expect(await write([other], 'globex')).toEqual([other.event.id]);
    });
  });
}
