import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidCursor } from '../../lib/app/ports/documents.ts';
import type { EventListRequest, EventLists, ListedEntry } from '../../lib/app/ports/event-lists.ts';
import type { IngestStore } from '../../lib/app/ports/events.ts';
import type { FanOutStore } from '../../lib/app/ports/fan-outs.ts';
import { type EventAddress, createEventIds } from '../../lib/core/event-id.ts';
import type { FanOutJob } from '../../lib/core/fan-out.ts';
import type { FirstDelivery, JournalEntry, JournalEvent } from '../../lib/core/journal.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import { delivery as deliveryRow } from '../deliveries.ts';
import { ingestResult, journalEvent } from '../journal-events.ts';

export interface EventListsUnderTest {
  readonly store: IngestStore;
  readonly fanOuts: FanOutStore;
  readonly lists: EventLists;
}

const ids = createEventIds('contract');
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Half an hour before midnight. */
const start = Date.UTC(2040, 1, 29, 23, 30);

/** An event at a place of partition 0 and a time, with the id that belongs to them. */
function eventAt(
  timeMs: number,
  place: Partial<EventAddress>,
  parts: Partial<JournalEvent> = {},
): JournalEvent {
  const address = { source: 1, partition: 0, offset: 0, index: 0, ...place };
  return journalEvent({ id: ids.encode(timeMs, address), timeMs, address, data: '{"a":1}', ...parts });
}

const delivery = (orgId: string, state: FirstDelivery['state'] = 'delivered'): FirstDelivery => ({
  endpointId: `ep_${orgId}`,
  orgId,
  state,
  attempts: [],
});
const toOrg = (orgId: string): Partial<JournalEvent> => ({
  target: { type: 'fanout', ownerId: orgId },
  deliveries: [delivery(orgId)],
});
const toAll = (...orgs: string[]): Partial<JournalEvent> => ({
  deliveries: orgs.map((org) => delivery(org)),
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const idsOf = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);
const orgsOf = (entries: readonly ListedEntry[]) =>
  entries
    .flatMap((entry) => ('deliveries' in entry ? entry.deliveries : []))
    .map(({ orgId }) => orgId)
    .sort();
const sorted = (entries: readonly { readonly id: string }[]) => idsOf(entries).sort();

/** What every adapter of `EventLists` does, beside the stores that write. */
export function eventListsContract(
  adapter: string,
  create: (eventIds: typeof ids, now: () => number) => Promise<EventListsUnderTest>,
): void {
  describe(`EventLists: ${adapter}`, () => {
    let store: IngestStore;
    let fanOuts: FanOutStore;
    let lists: EventLists;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = start;
      ({ store, fanOuts, lists } = await create(ids, () => nowMs));
    });

    /** Writes an invocation's entries, some time after the one before. */
    const write = async (...journal: JournalEntry[]) => {
      nowMs += 1000;
      const skipped = journal.flatMap((entry) => ('skippedBy' in entry ? [entry] : []));
      const events = journal.flatMap((entry) => ('skippedBy' in entry ? [] : [entry]));
      await store.write(ingestResult({ events, skipped }));
    };
    /** Takes a job that nobody else has. */
    const take = async (id: string, untilMs: number): Promise<FanOutJob> => {
      const job = await fanOuts.take(id, untilMs);
      if (job === undefined || job === 'leased') throw new Error(`no job: ${String(job)}`);
      return job;
    };
    const readAll = async (request: Partial<EventListRequest> = {}, limit = 1000): Promise<ListedEntry[]> => {
      const seen: ListedEntry[] = [];
      let cursor: string | undefined;
      do {
        const page = await lists.list({
          sinceMs: start - day,
          untilMs: start + day,
          ...request,
          limit,
          cursor,
        });
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        seen.push(...page.entries.map(({ entry }) => entry));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return seen;
    };

    it('lists an event without its body', async () => {
      const event = eventAt(
        start,
        { partition: 3, offset: 2 ** 45, index: 7 },
        { ...toOrg('acme'), idempotencyKey: 'key', transformVersion: 2, headers: { a: 'b' } },
      );
      await write(event);
      const { id, timeMs, address, eventType, target } = event;
      const listed = {
        ...{ id, timeMs, address, eventType, target, idempotencyKey: 'key', transformVersion: 2 },
        deliveries: [{ endpointId: 'ep_acme', orgId: 'acme', state: 'delivered' }],
      };
      expect(await readAll({ orgId: 'acme' })).toEqual([listed]);
      expect(await readAll()).toEqual([listed]);
      expect(await readAll({ orgId: 'globex' })).toEqual([]);
      expect(await lists.byId(id)).toEqual(listed);
      expect(await lists.byId(eventAt(start, { offset: 1 }).id)).toBeUndefined();
    });

    it('lists the newest first, whatever the order of writing, in pages of any size', async () => {
      const batches = [4, 1, 7, 0, 9].map((at) =>
        range(0, 2).map((n) =>
          eventAt(start + at * hour + n, { offset: at * 10 + n, partition: at }, toOrg('acme')),
        ),
      );
      for (const batch of batches) await write(...batch);
      const newestFirst = idsOf(batches.flat().sort((one, other) => other.timeMs - one.timeMs));
      for (const orgId of ['acme', undefined]) {
        for (const limit of [1, 2, 4, 14, 15, 16]) {
          expect(idsOf(await readAll({ orgId }, limit)), `pages of ${limit}`).toEqual(newestFirst);
        }
      }
    });

    it('lists from a time until just before another', async () => {
      const events = range(0, 9).map((n) => eventAt(start + n * 10 * minute, { offset: n }, toOrg('acme')));
      await write(...events);
      for (const orgId of ['acme', undefined]) {
        const times = { orgId, sinceMs: events[2]!.timeMs, untilMs: events[7]!.timeMs };
        expect(sorted(await readAll(times, 2))).toEqual(sorted(events.slice(2, 7)));
        expect(await readAll({ ...times, sinceMs: times.untilMs, untilMs: times.untilMs + 1 })).toHaveLength(
          1,
        );
      }
    });

    it('has no further page at the end', async () => {
      const request = { orgId: 'acme', sinceMs: start - hour, untilMs: start + hour };
      expect(await lists.list({ ...request, limit: 1 })).toEqual({ entries: [] });
      await write(eventAt(start, { offset: 0 }, toOrg('acme')));
      const page = await lists.list({ ...request, limit: 1 });
      expect(page.entries).toHaveLength(1);
      expect(page.nextCursor).toBeUndefined();
      const behind = await lists.list({ ...request, limit: 1, cursor: page.entries[0]!.cursor });
      expect(behind).toEqual({ entries: [] });
    });

    it('lists events of one batch across the boundary of an hour and of a day', async () => {
      const events = range(0, 40).map((n) => eventAt(start + n * 2 * minute, { offset: n }, toOrg('acme')));
      await write(...events);
      const newestFirst = idsOf(events).reverse();
      expect(idsOf(await readAll({ orgId: 'acme' }, 7))).toEqual(newestFirst);
      expect(idsOf(await readAll({}, 7))).toEqual(newestFirst);
    });

    it('lists events whose times are in no order, and at the ends of all calendars', async () => {
      const times = [start, 0, start - 30 * day, 2 ** 48 - 1, start + hour, start - 7 * hour, start];
      const events = times.map((timeMs, offset) => eventAt(timeMs, { offset }, toOrg('acme')));
      await write(...events);
      const ever = { orgId: 'acme', sinceMs: 0, untilMs: 1 };
      expect(sorted(await readAll(ever))).toEqual([events[1]!.id]);
      expect(await readAll({ orgId: 'acme', sinceMs: start - 31 * day })).toHaveLength(5);
      const latest = { orgId: 'acme', sinceMs: Date.UTC(9999, 11, 31), untilMs: 2 ** 53 };
      expect(await lists.list({ ...latest, limit: 1 })).toMatchObject({ entries: [] });
    });

    it('looks through a month without events in one call, and goes on beyond it with another', async () => {
      await write(eventAt(start - 30 * day, { offset: 0 }, toOrg('acme')));
      await write(eventAt(start - 90 * day, { offset: 1 }, toOrg('acme')));
      const request = { orgId: 'acme', untilMs: start, limit: 10 };
      const month = await lists.list({ ...request, sinceMs: start - 30 * day });
      expect(month.entries).toHaveLength(1);
      expect(month.nextCursor).toBeUndefined();
      const longer = await lists.list({ ...request, sinceMs: start - 100 * day });
      expect(longer.nextCursor).toBeDefined();
      expect(await readAll({ orgId: 'acme', sinceMs: start - 100 * day })).toHaveLength(2);
    });

    it('shows each org its own, and operators every event once', async () => {
      const [one, two, shared, nobodys] = [
        eventAt(start, { offset: 0 }, toOrg('acme')),
        eventAt(start + 1, { offset: 1 }, toOrg('globex')),
        eventAt(start + 2, { offset: 2 }, toAll('acme', 'globex')),
        eventAt(
          start + 3,
          { offset: 3 },
          { notDelivered: [{ endpointId: 'no', reason: 'unknown_endpoint' }] },
        ),
      ] as const;
      const address = { source: 1, partition: 0, offset: 4, index: 0 };
      const skipped = {
        id: ids.encode(start + 4, address),
        timeMs: start + 4,
        address,
        skippedBy: { transformVersion: 3 },
      };
      await write(one, two, shared, nobodys, skipped);
      expect(sorted(await readAll({ orgId: 'acme' }))).toEqual(sorted([one, shared]));
      expect(sorted(await readAll({ orgId: 'globex' }))).toEqual(sorted([two, shared]));
      for (const limit of [1, 2, 3, 100]) {
        expect(sorted(await readAll({}, limit))).toEqual(sorted([one, two, shared, nobodys, skipped]));
      }
      const isShared = ({ id }: ListedEntry) => id === shared.id;
      expect(orgsOf((await readAll({ orgId: 'acme' })).filter(isShared))).toEqual(['acme']);
      expect(orgsOf((await readAll()).filter(isShared))).toEqual(['acme', 'globex']);
      expect((await readAll()).filter((entry) => 'skippedBy' in entry)).toEqual([skipped]);
    });

    it('lists a duplicate for the owner that it names', async () => {
      const duplicateOf = eventAt(start, { offset: 9 }).id;
      const single = { type: 'single', endpointId: 'e' } as const;
      const targets = [
        { ...single, ownerId: 'acme' },
        single,
        { type: 'fanout', ownerId: 'acme' },
        { type: 'broadcast' },
      ] as const;
      const events = targets.map((target, offset) =>
        eventAt(start - offset, { offset }, { target, duplicateOf }),
      );
      await write(...events);
      expect(idsOf(await readAll({ orgId: 'acme' }))).toEqual(idsOf([events[0]!, events[2]!]));
      expect(await readAll()).toHaveLength(4);
    });

    it('finds what became of one record: its events by index, or that it was skipped', async () => {
      const events = range(0, 149).map((index) =>
        eventAt(start, { offset: 5, index }, index % 2 === 0 ? toOrg('acme') : toAll('acme', 'globex')),
      );
      const address = { source: 1, partition: 0, offset: 6, index: 0 };
      const skippedBy = { transformVersion: 3 };
      const skipped = { id: ids.encode(start, address), timeMs: start, address, skippedBy };
      await write(eventAt(start, { offset: 4 }, toOrg('acme')), ...events, skipped);
      const at = (offset: number) => lists.ofRecord({ source: 1, partition: 0, offset });
      expect(idsOf(await at(5))).toEqual(idsOf(events));
      expect(orgsOf([(await at(5))[1]!])).toEqual(['acme', 'globex']);
      expect(await at(6)).toEqual([skipped]);
      expect(await at(7)).toEqual([]);
      expect(await lists.ofRecord({ source: 1, partition: 1, offset: 5 })).toEqual([]);
    });

    describe('when records come again', () => {
      const batch = (from: number, to: number, parts = toOrg('acme')) =>
        range(from, to).map((offset) => eventAt(start + offset * minute, { offset }, parts));

      it('lists each event once, as it was written last, in pages of any size', async () => {
        await write(...batch(0, 49));
        await write(...batch(0, 9));
        await write(...batch(10, 29, { ...toOrg('acme'), deliveries: [delivery('acme', 'queued')] }));
        await write(...batch(30, 60));
        const all = idsOf(batch(0, 60)).sort();
        for (const orgId of ['acme', undefined]) {
          for (const limit of [1, 3, 10, 61, 100]) {
            const seen = await readAll({ orgId }, limit);
            expect(sorted(seen), `pages of ${limit}`).toEqual(all);
            const queued = seen.filter(
              (entry) => 'deliveries' in entry && entry.deliveries[0]?.state === 'queued',
            );
            expect(sorted(queued)).toEqual(sorted(batch(10, 29)));
          }
        }
      });

      it('lists an event once when a batch with the same bounds was routed otherwise', async () => {
        const [one, two] = batch(0, 1) as [JournalEvent, JournalEvent];
        await write(one, two);
        // The first one's endpoint is gone.
        const nobodys = { target: { type: 'single', endpointId: 'gone' }, deliveries: [] } as const;
        await write({ ...one, ...nobodys }, two);
        for (const limit of [1, 2, 3]) {
          expect(idsOf(await readAll({ orgId: 'acme' }, limit))).toEqual(idsOf([two, one]));
          expect(idsOf(await readAll({}, limit))).toEqual(idsOf([two, one]));
        }
        await write(one, two);
        for (const orgId of ['acme', undefined])
          expect(idsOf(await readAll({ orgId }))).toEqual(idsOf([two, one]));
      });

      it('lists an event once when it concerns other orgs now', async () => {
        await write(...batch(0, 9));
        await write(...batch(3, 12, toAll('acme', 'globex')));
        expect(sorted(await readAll({}, 4))).toEqual(sorted(batch(0, 12)));
        expect(sorted(await readAll({ orgId: 'globex' }, 4))).toEqual(sorted(batch(3, 12)));
      });
    });

    it('lists all there is, whatever the batches: orgs, partitions, hours and repeats at random', async () => {
      // A generator of its own, so that what fails once fails again.
      let seed = 7;
      const random = (below: number) => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed % below;
      };
      const orgs = ['acme', 'globex', 'umbrella'];
      const events = new Map<string, JournalEvent>();
      const next = [0, 0, 0, 0, 0];
      const timeOfOffset = (offset: number) => start + offset * 3 * minute + ((offset * 7919) % 11) * minute;
      for (let n = 0; n < 30; n++) {
        const partition = random(5);
        const from = Math.max(0, next[partition]! - (random(4) === 0 ? random(12) : 0));
        const to = from + random(20);
        next[partition] = Math.max(next[partition]!, to + 1);
        const journal = range(from, to).map((offset) => {
          const chosen = orgs.filter((_, at) => (offset * 13 + partition + at * offset) % 3 !== 0);
          const parts = offset % 2 === 0 ? toOrg(orgs[offset % 3]!) : toAll(...chosen);
          return eventAt(timeOfOffset(offset), { partition, offset }, parts);
        });
        await write(...journal);
        for (const event of journal) events.set(event.id, event);
      }
      const all = [...events.values()];
      const hourOf = ({ timeMs }: { timeMs: number }) => Math.floor(timeMs / hour);
      for (const limit of [2, 13, 100]) {
        const seen = (await readAll({}, limit)) as JournalEvent[];
        expect(sorted(seen)).toEqual(sorted(all));
        expect(seen.map(hourOf)).toEqual(seen.map(hourOf).sort((one, other) => other - one));
        for (const orgId of orgs) {
          const own = all.filter(
            ({ deliveries, target }) =>
              deliveries.some((one) => one.orgId === orgId) ||
              (target.type === 'fanout' && target.ownerId === orgId),
          );
          expect(sorted(await readAll({ orgId }, limit))).toEqual(sorted(own));
        }
      }
    });

    it('lists a broadcast that is fanned out for each org that a page concerned, and once for operators', async () => {
      const broadcast = eventAt(start, { offset: 0 }, { fanOut: 'running' });
      const owners = eventAt(
        start + 1,
        { offset: 1 },
        { ...toOrg('acme'), deliveries: [], fanOut: 'running' },
      );
      await write(broadcast, owners);
      expect(await readAll({ orgId: 'globex' })).toEqual([]);
      const untilMs = nowMs + hour;
      for (const event of [broadcast, owners]) {
        let job = await take(event.id, untilMs);
        for (const last of [false, true]) {
          const page = {
            deliveries: [{ ...delivery('acme', 'queued'), endpointId: `ep_${String(last)}` }],
            notDelivered:
              event === broadcast
                ? [{ endpointId: 'off', orgId: 'globex', reason: 'disabled' as const }]
                : [],
            moreNotDelivered: {},
          };
          job = await fanOuts.finishPage(job, page, [], last ? undefined : 'further');
        }
      }
      const newestFirst = idsOf([owners, broadcast]);
      for (const limit of [1, 2, 3]) {
        expect(idsOf(await readAll({ orgId: 'acme' }, limit))).toEqual(newestFirst);
        expect(idsOf(await readAll({}, limit))).toEqual(newestFirst);
        expect(idsOf(await readAll({ orgId: 'globex' }, limit))).toEqual([broadcast.id]);
      }
      const [listed] = await lists.ofRecord({ source: 1, partition: 0, offset: 0 });
      expect(listed).toMatchObject({ id: broadcast.id, fanOut: 'running', deliveries: [] });
      expect(await lists.byId(broadcast.id)).toEqual(listed);
      // Just another time than the event's.
      const before = { orgId: 'globex', sinceMs: start - minute, untilMs: start };
      expect(await readAll(before)).toEqual([]);
    });

    describe('tells how a fan-out stands:', () => {
      const first = (orgId: string, endpointId: string, state: FirstDelivery['state']): FirstDelivery => {
        return { endpointId, orgId, state, attempts: [] };
      };
      const row = (eventId: string, orgId: string, endpointId: string, parts: Partial<Delivery>) =>
        deliveryRow({ eventId, orgId, endpointId, ...parts });
      /** Lets a job make pages of these deliveries. */
      const fanOut = async (event: JournalEvent, pages: FirstDelivery[][], isDone = true) => {
        let job = await take(event.id, nowMs + hour);
        for (const [number, deliveries] of pages.entries()) {
          const page = { deliveries, notDelivered: [], moreNotDelivered: {} };
          const rows = deliveries
            .filter(({ state }) => state !== 'delivered')
            .map(({ orgId, endpointId, state }) => row(event.id, orgId, endpointId, { state }));
          const isLast = isDone && number === pages.length - 1;
          job = await fanOuts.finishPage(job, page, rows, isLast ? undefined : 'further');
        }
      };
      const standing = async (event: JournalEvent, orgId?: string) =>
        (await lists.fanOuts([event], orgId))[0];
      const pages = [
        [first('acme', 'a1', 'delivered'), first('acme', 'a2', 'queued'), first('globex', 'g1', 'delivered')],
        [first('acme', 'a3', 'held'), first('globex', 'g2', 'queued')],
      ];

      it('before its job begins, while it runs, and when it is done, for each org and for operators', async () => {
        const broadcast = eventAt(start, { offset: 0 }, { fanOut: 'running' });
        await write(broadcast);
        expect(await standing(broadcast)).toEqual({ fanOut: 'running', states: {} });
        expect(await standing(broadcast, 'acme')).toEqual({ fanOut: 'running', states: {} });
        await fanOut(broadcast, pages.slice(0, 1), false);
        expect(await standing(broadcast)).toEqual({ fanOut: 'running', states: { delivered: 2, queued: 1 } });
        await fanOuts.release(broadcast.id, nowMs + hour);
        await fanOut(broadcast, pages.slice(1));
        const done = { fanOut: 'done' };
        const all = { delivered: 2, queued: 2, held: 1 };
        expect(await standing(broadcast)).toEqual({ ...done, states: all });
        expect(await standing(broadcast, 'acme')).toEqual({
          ...done,
          states: { delivered: 1, queued: 1, held: 1 },
        });
        expect(await standing(broadcast, 'globex')).toEqual({ ...done, states: { delivered: 1, queued: 1 } });
        expect(await standing(broadcast, 'umbrella')).toEqual({ ...done, states: {} });
        // Time went on.
        const ended = [
          row(broadcast.id, 'acme', 'a2', { state: 'failed' }),
          row(broadcast.id, 'globex', 'g1', { state: 'queued', replayedAtMs: 1 }),
          row(broadcast.id, 'globex', 'g2', { state: 'delivered' }),
        ];
        await store.write(ingestResult({ deliveries: ended }));
        expect(await standing(broadcast)).toEqual({
          ...done,
          states: { delivered: 2, failed: 1, held: 1, queued: 1 },
        });
        expect(await standing(broadcast, 'acme')).toEqual({
          ...done,
          states: { delivered: 1, failed: 1, held: 1 },
        });
        expect(await standing(broadcast, 'globex')).toEqual({ ...done, states: { delivered: 1, queued: 1 } });
      });

      it('to the endpoints of one owner as to operators, and each of several by itself', async () => {
        const events = [0, 1].map((offset) =>
          eventAt(start, { offset }, { ...toOrg('acme'), deliveries: [], fanOut: 'running' }),
        );
        await write(...events);
        await fanOut(events[1]!, [[first('acme', 'a1', 'delivered'), first('acme', 'a2', 'queued')]]);
        const expected = [
          { fanOut: 'running', states: {} },
          { fanOut: 'done', states: { delivered: 1, queued: 1 } },
        ];
        for (const orgId of ['acme', undefined]) expect(await lists.fanOuts(events, orgId)).toEqual(expected);
      });
    });

    it('lists a broadcast also for an org that comes behind a hundred others in its why-nots', async () => {
      const broadcast = eventAt(start, { offset: 0 }, { fanOut: 'running' });
      await write(broadcast);
      let job = await take(broadcast.id, nowMs + hour);
      for (const [orgId, number] of [
        ['acme', 60],
        ['acme', 60],
        ['globex', 1],
      ] as const) {
        const notDelivered = range(1, number).map((n) => {
          return { endpointId: `ep_${n}`, orgId, reason: 'filter' as const };
        });
        const page = { deliveries: [], notDelivered, moreNotDelivered: {} };
        job = await fanOuts.finishPage(job, page, [], orgId === 'globex' ? undefined : 'further');
      }
      for (const orgId of ['acme', 'globex', undefined]) {
        expect(idsOf(await readAll({ orgId })), orgId).toEqual([broadcast.id]);
      }
    });

    it('refuses a cursor that was made up', async () => {
      await write(...range(0, 3).map((offset) => eventAt(start, { offset }, toOrg('acme'))));
      const request = { orgId: 'acme', sinceMs: start - hour, untilMs: start + hour, limit: 1 };
      const { nextCursor } = await lists.list(request);
      const key = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as Record<string, string>;
      const changed = (parts: object) =>
        Buffer.from(JSON.stringify({ ...key, ...parts })).toString('base64url');
      const madeUp = [
        '',
        'garbage',
        changed({ more: 'x' }),
        ...Object.keys(key).flatMap((name) =>
          ['', 7, undefined, null, 'x', '-1', '1e3', '2040', 'a'.repeat(2000)].map((value) =>
            changed({ [name]: value }),
          ),
        ),
        ...[
          '2040-02-30T23',
          '2040-02-29T24',
          '2040-2-29T23',
          '2040-02-29T23:30:00.000Z',
          '2040-02-29T23~',
        ].map((place) => changed({ listed_at: place })),
      ];
      for (const cursor of madeUp) {
        const text = Buffer.from(cursor, 'base64url').toString();
        await expect(lists.list({ ...request, cursor }), text).rejects.toThrow(InvalidCursor);
      }
    });

    it('does not lead into another org’s list by a cursor of it', async () => {
      await write(...range(0, 5).map((offset) => eventAt(start + offset, { offset }, toOrg('acme'))));
      const request = { sinceMs: start - hour, untilMs: start + hour, limit: 2 };
      const { nextCursor: cursor } = await lists.list({ ...request, orgId: 'acme' });
      expect(await lists.list({ ...request, orgId: 'globex', cursor })).toEqual({ entries: [] });
    });
  });
}
