import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventReader, IngestStore } from '../../lib/app/ports/events.ts';
import { type EventAddress, createEventIds } from '../../lib/core/event-id.ts';
import { type FirstDelivery, type JournalEvent, noOrg } from '../../lib/core/journal.ts';
import { delivery } from '../deliveries.ts';
import { ingestResult, journalEvent } from '../journal-events.ts';

export interface EventsUnderTest {
  readonly store: IngestStore;
  readonly events: EventReader;
}

const ids = createEventIds('contract');

/** A journalled event at a place of partition 0, with the id that belongs to it. */
function eventAt(place: Partial<EventAddress>, parts: Partial<JournalEvent> = {}): JournalEvent {
  const address = { source: 1, partition: 0, offset: 0, index: 0, ...place };
  const timeMs = 1_700_000_000_000 + address.offset;
  return journalEvent({ id: ids.encode(timeMs, address), timeMs, address, ...parts });
}

const delivered = (orgId: string, endpointId: string, attempts = 1): FirstDelivery => ({
  endpointId,
  orgId,
  state: 'delivered',
  attempts: Array.from({ length: attempts }, () => ({ atMs: 1, latencyMs: 2, statusCode: 200 })),
});
const toOrg = (orgId: string, attempts = 1): Partial<JournalEvent> => ({
  target: { type: 'fanout', ownerId: orgId },
  deliveries: [delivered(orgId, `ep_${orgId}`, attempts)],
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** What every pair of adapters of `IngestStore` and `EventReader` does. */
export function eventsContract(
  adapter: string,
  create: (ids: ReturnType<typeof createEventIds>, now: () => number) => Promise<EventsUnderTest>,
): void {
  describe(`IngestStore and EventReader: ${adapter}`, () => {
    let store: IngestStore;
    let events: EventReader;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = Date.now();
      ({ store, events } = await create(ids, () => nowMs));
    });

    /** Writes an invocation's events, some time after the one before. */
    const write = async (...journal: JournalEvent[]) => {
      nowMs += 1000;
      await store.write(ingestResult({ events: journal }));
    };
    const found = async ({ id }: JournalEvent) =>
      Object.fromEntries((await events.find(id)).map(({ orgId, entry }) => [orgId, entry]));
    const expectFound = async (...journal: JournalEvent[]) => {
      for (const event of journal) {
        expect(Object.values(await found(event)), `offset ${event.address.offset}`).toEqual([event]);
      }
    };

    it('finds an event by its id alone, with all that was written of it', async () => {
      const event = eventAt(
        { partition: 3, offset: 2 ** 45, index: 7 },
        {
          ...toOrg('acme'),
          data: '{ "n": 12345678901234567890, "ü": "\ud83d\ude00\\u0000" }',
          headers: { 'x-a': 'ünï' },
          droppedHeaders: ['bad name'],
          notDelivered: [{ endpointId: 'ep_2', orgId: 'acme', reason: 'event_type' }],
          moreNotDelivered: { disabled: 3 },
        },
      );
      await write(event);
      expect(await events.find(event.id)).toEqual([{ orgId: 'acme', entry: event }]);
    });

    it('answers nothing for ids that are unknown or no ids', async () => {
      await write(...range(10, 20).map((offset) => eventAt({ offset }, toOrg('acme'))));
      const unknown = [
        eventAt({ offset: 9 }),
        eventAt({ offset: 21 }),
        eventAt({ offset: 15, index: 1 }),
        eventAt({ offset: 15, partition: 1 }),
        eventAt({ offset: 15, source: 2 }),
        // Of the same place, but of another time: an id that nobody gave out.
        { id: ids.encode(1, eventAt({ offset: 15 }).address) },
        { id: createEventIds('other key').encode(1, eventAt({ offset: 15 }).address) },
      ];
      for (const { id } of unknown) expect(await events.find(id)).toEqual([]);
      for (const id of ['', 'x', '\u0000', 'a'.repeat(5000), eventAt({ offset: 15 }).id.toLowerCase()]) {
        expect(await events.find(id)).toEqual([]);
      }
    });

    it('shows several orgs of one batch theirs only', async () => {
      const shared = eventAt(
        { offset: 1 },
        {
          deliveries: [delivered('acme', 'a1'), delivered('globex', 'g1')],
          notDelivered: [{ endpointId: 'g2', orgId: 'globex', reason: 'disabled' }],
        },
      );
      const [first, last] = [eventAt({ offset: 0 }, toOrg('acme')), eventAt({ offset: 2 }, toOrg('globex'))];
      const nobodys = eventAt(
        { offset: 3 },
        { notDelivered: [{ endpointId: 'no', reason: 'unknown_endpoint' }] },
      );
      await write(first, shared, last, nobodys);
      expect(await found(first)).toEqual({ acme: first });
      expect(await found(last)).toEqual({ globex: last });
      expect(await found(nobodys)).toEqual({ [noOrg]: nobodys });
      expect(await found(shared)).toEqual({
        acme: { ...shared, deliveries: [delivered('acme', 'a1')], notDelivered: [] },
        globex: { ...shared, deliveries: [delivered('globex', 'g1')] },
        [noOrg]: { ...shared, deliveries: [], notDelivered: [] },
      });
    });

    it('finds events far apart: offsets have gaps where transactions ended or records were compacted away', async () => {
      const orgs = range(0, 39).map((org) => `org-${org}`);
      const journal = range(0, 399).map((n) =>
        eventAt({ offset: 10_000 + n * 20 }, toOrg(orgs[n % orgs.length]!)),
      );
      await write(...journal);
      for (const event of [journal[0]!, journal[399]!, journal[200]!]) await expectFound(event);
    });

    it('finds each of more than a hundred events of an invocation, and of its partitions', async () => {
      const journal = [0, 1].flatMap((partition) =>
        range(1000, 1250).map((offset) =>
          eventAt({ partition, offset }, toOrg(offset % 3 === 0 ? 'acme' : 'globex')),
        ),
      );
      await write(...journal);
      await expectFound(...journal.filter((_, n) => n % 10 === 0), journal[250]!, journal.at(-1)!);
    });

    it('finds events of which a few fill an item', async () => {
      // Random text: it does not get much smaller.
      const data = () => JSON.stringify(randomBytes(190 * 1024).toString('base64'));
      const journal = range(0, 8).map((offset) => eventAt({ offset }, { ...toOrg('acme'), data: data() }));
      await write(...journal);
      await expectFound(...journal);
    });

    it('finds each of the 150 events of one record', async () => {
      const journal = range(0, 149).map((index) => eventAt({ offset: 5, index }, toOrg('acme')));
      await write(eventAt({ offset: 4 }, toOrg('acme')), ...journal, eventAt({ offset: 6 }, toOrg('acme')));
      await expectFound(...journal);
      expect(await events.find(eventAt({ offset: 5, index: 150 }).id)).toEqual([]);
    });

    it('finds an event far behind which its partition went on', async () => {
      const early = eventAt({ offset: 0 }, toOrg('acme'));
      await write(early);
      for (const offset of range(1, 40)) await write(eventAt({ offset }, toOrg('acme')));
      await expectFound(early, eventAt({ offset: 40 }, toOrg('acme')));
    });

    it('finds a large batch’s last event behind many items of other orgs in it', async () => {
      const journal = range(0, 99).map((offset) =>
        eventAt({ offset }, toOrg(offset === 0 || offset === 99 ? 'acme' : `org-${offset}`)),
      );
      await write(...journal);
      await expectFound(journal[99]!, journal[0]!, journal[50]!);
    });

    describe('when records come again', () => {
      const batch = (from: number, to: number, attempts: number, org = 'acme') =>
        range(from, to).map((offset) => eventAt({ offset }, toOrg(org, attempts)));

      it('writes the same again without harm', async () => {
        await write(...batch(0, 9, 1));
        await write(...batch(0, 9, 1));
        await expectFound(...batch(0, 9, 1));
      });

      it('shows the newest, whatever the bounds of the batches', async () => {
        await write(...batch(0, 99, 1));
        await write(...batch(0, 29, 2));
        await write(...batch(30, 59, 2));
        await write(...batch(60, 120, 2));
        await expectFound(...batch(0, 120, 2).filter((_, n) => n % 7 === 0 || n > 110));
        await write(...batch(10, 110, 3));
        await expectFound(...batch(0, 9, 2), ...batch(10, 110, 3).filter((_, n) => n % 9 === 0));
        await expectFound(...batch(111, 120, 2));
      });

      it('finds the rest of a batch after a shorter repeat from the same record on', async () => {
        await write(...batch(40, 139, 1));
        await write(...batch(40, 60, 2));
        await expectFound(...batch(40, 60, 2), ...batch(61, 139, 1).filter((_, n) => n % 13 === 0));
      });

      it('finds the rest of a batch after a late repeat of its middle', async () => {
        await write(...batch(0, 99, 1));
        await write(...batch(40, 60, 2));
        await expectFound(...batch(0, 39, 1), ...batch(40, 60, 2), ...batch(61, 99, 1));
      });

      it('finds the parts of all orgs after a late repeat of its middle', async () => {
        const wide = range(0, 99).map((offset) =>
          eventAt({ offset }, { deliveries: [delivered('acme', 'a'), delivered('globex', 'g')] }),
        );
        await write(...wide);
        await write(...batch(30, 35, 2, 'globex'));
        await write(...batch(40, 60, 2));
        expect(Object.keys(await found(wide[80]!)).sort()).toEqual([noOrg, 'acme', 'globex']);
        expect((await found(wide[50]!))['acme']).toEqual(batch(50, 50, 2)[0]);
      });
    });

    it('finds an event that was delivered at once and then fanned out as it was written last, and the other way round', async () => {
      const event = eventAt(
        { offset: 1 },
        { deliveries: [delivered('acme', 'a1'), delivered('globex', 'g1')] },
      );
      const fannedOut: JournalEvent = { ...event, deliveries: [], fanOut: 'running' };
      await write(event);
      await write(fannedOut);
      expect(await found(event)).toEqual({ [noOrg]: fannedOut });
      await write(event);
      expect(Object.keys(await found(event)).sort()).toEqual([noOrg, 'acme', 'globex']);
    });

    it('finds for one org its part alone, and tells whether there is one', async () => {
      const event = eventAt(
        { offset: 1 },
        { deliveries: [delivered('acme', 'a1'), delivered('globex', 'g1')] },
      );
      await write(event);
      const own = { ...event, deliveries: [delivered('acme', 'a1')] };
      expect(await events.find(event.id, 'acme')).toEqual([{ orgId: 'acme', entry: own }]);
      expect(await events.find(event.id, 'umbrella')).toEqual([]);
      const orgs = ['acme', 'globex', 'umbrella'];
      expect(await Promise.all(orgs.map((org) => events.concerns(event.id, org)))).toEqual([
        true,
        true,
        false,
      ]);
      expect(await events.concerns(eventAt({ offset: 2 }).id, 'acme')).toBe(false);
    });

    it('finds the deliveries of an event, and none of another', async () => {
      const [one, other] = [eventAt({ offset: 1 }), eventAt({ offset: 2 })];
      const deliveries = [
        delivery({ eventId: one.id }),
        delivery({ eventId: one.id, endpointId: 'ep_2' }),
        delivery({ eventId: other.id }),
      ];
      await store.write(ingestResult({ events: [one, other], deliveries }));
      expect(await events.deliveriesOf(one.id)).toEqual(deliveries.slice(0, 2));
      expect(await events.deliveriesOf(other.id)).toEqual(deliveries.slice(2));
      expect(await events.deliveriesOf(eventAt({ offset: 3 }).id)).toEqual([]);
    });

    it('writes and finds 3,000 deliveries of one event, together more than a query answers', async () => {
      const event = eventAt({ offset: 1 });
      const excerpt = 'x'.repeat(500);
      const attempts = [{ atMs: 1, latencyMs: 2, statusCode: 500, excerpt }];
      const deliveries = range(1, 3000).map((n) =>
        delivery({ eventId: event.id, endpointId: `ep_${n}`, attempts }),
      );
      await store.write(ingestResult({ events: [event], deliveries }));
      expect(await events.deliveriesOf(event.id)).toHaveLength(3000);
    });

    it('writes nothing where there is nothing', async () => {
      await store.write(ingestResult({}));
    });
  });
}
