import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryStore, IngestStore } from '../../lib/app/ports/events.ts';
import type { DeliveryListRequest, DeliveryLists } from '../../lib/app/ports/delivery-lists.ts';
import { InvalidCursor } from '../../lib/app/ports/documents.ts';
import type { Delivery, DeliveryState } from '../../lib/core/delivery.ts';
import { delivery } from '../deliveries.ts';
import { ingestResult } from '../journal-events.ts';

export interface DeliveriesUnderTest {
  readonly store: IngestStore;
  readonly deliveries: DeliveryStore;
  readonly lists: DeliveryLists;
}

const attempt = { atMs: 1_700_000_005_000, latencyMs: 3, statusCode: 503, retryAfterSeconds: 7 };
const attempted = (from: Delivery): Delivery => ({ ...from, attempts: [...from.attempts, attempt] });
const byEndpoint = (one: Delivery, other: Delivery) => (one.endpointId < other.endpointId ? -1 : 1);

/** What every adapter of `DeliveryStore` does. */
export function deliveriesContract(adapter: string, create: () => Promise<DeliveriesUnderTest>): void {
  describe(`DeliveryStore: ${adapter}`, () => {
    let store: IngestStore;
    let deliveries: DeliveryStore;
    let lists: DeliveryLists;
    const write = (...rows: Delivery[]) => store.write(ingestResult({ deliveries: rows }));

    beforeEach(async () => {
      ({ store, deliveries, lists } = await create());
    });

    it('reads what was written, and nothing for what is not there', async () => {
      const rows = [delivery(), delivery({ endpointId: 'ep_2', attempts: [], state: 'held' })];
      await write(...rows);
      const unknown = [
        { ...rows[0]!, endpointId: 'ep_3' },
        { ...rows[0]!, eventId: '01HF7YAT00QKZ1V2B3N4M5P6R8' },
      ];
      expect((await deliveries.read([...rows, ...unknown])).sort(byEndpoint)).toEqual(rows);
      expect(await deliveries.read(unknown)).toEqual([]);
      expect(await deliveries.read([])).toEqual([]);
    });

    it('reads a hundred at once, one of them asked for twice', async () => {
      const rows = Array.from({ length: 99 }, (_, n) => delivery({ endpointId: `ep_${100 + n}` }));
      await write(...rows);
      expect((await deliveries.read([rows[0]!, ...rows])).sort(byEndpoint)).toEqual(rows);
    });

    it('shows an update to the very next read', async () => {
      let row = delivery({ attempts: [] });
      await write(row);
      for (let made = 0; made < 10; made++) {
        const next = attempted(row);
        expect(await deliveries.update(next, made)).toBe(true);
        expect(await deliveries.read([row])).toEqual([next]);
        row = next;
      }
    });

    it('keeps an end, which has no next attempt', async () => {
      await write(delivery());
      const { nextAttemptAtMs, ...ended } = attempted(delivery({ state: 'failed' }));
      expect(await deliveries.update({ ...ended, failure: 'attempts_exhausted' }, 1)).toBe(true);
      expect(await deliveries.read([ended])).toEqual([{ ...ended, failure: 'attempts_exhausted' }]);
    });

    it('refuses an update of what another has attempted since', async () => {
      const [first, second] = [attempted(delivery()), attempted(delivery({ state: 'held' }))];
      await write(delivery());
      expect(await deliveries.update(first, 1)).toBe(true);
      expect(await deliveries.update(second, 1)).toBe(false);
      expect(await deliveries.read([delivery()])).toEqual([first]);
    });

    it('lets one of many have the next attempt', async () => {
      await write(delivery());
      const updates = Array.from({ length: 8 }, () => deliveries.update(attempted(delivery()), 1));
      const outcomes = await Promise.all(updates);
      expect(outcomes.filter(Boolean)).toHaveLength(1);
    });

    it('replaces a delivery that stands as it was read, and no other', async () => {
      const row = delivery({ state: 'failed' });
      await write(row);
      const again = { ...row, state: 'queued' as const, attemptsBefore: 1 };
      const replaced = await Promise.all(Array.from({ length: 8 }, () => deliveries.replace(again, row)));
      expect(replaced.filter(Boolean)).toHaveLength(1);
      expect(await deliveries.read([row])).toEqual([again]);
      expect(await deliveries.replace(row, { ...again, nextAttemptAtMs: 1 })).toBe(false);
      expect(await deliveries.replace({ ...row, endpointId: 'ep_2' }, row)).toBe(false);
    });

    it('creates a delivery once', async () => {
      const row = delivery({ attemptsBefore: 1 });
      const created = await Promise.all(Array.from({ length: 8 }, () => deliveries.create(row)));
      expect(created.filter(Boolean)).toHaveLength(1);
      expect(await deliveries.create({ ...row, attempts: [] })).toBe(false);
      expect(await deliveries.read([row])).toEqual([row]);
    });

    const many = async (count: number, state: DeliveryState, parts: Partial<Delivery> = {}) => {
      const rows = Array.from({ length: count }, (_, n) =>
        delivery({
          eventId: `01HF7YAT00QKZ1V2B3N4M5${1000 + n}`,
          state,
          nextAttemptAtMs: Date.UTC(2040, 0, 1) + Math.floor(n / 3) * 60_000,
          ...parts,
        }),
      );
      await write(...rows);
      return rows.map(({ eventId }) => eventId);
    };
    const idsOf = async (request: Omit<DeliveryListRequest, 'endpointId'>, endpointId = 'ep_1') => {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await lists.list({ endpointId, ...request, cursor });
        expect(page.deliveries.length).toBeLessThanOrEqual(request.limit);
        ids.push(...page.deliveries.map((one) => one.delivery.eventId));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return ids;
    };

    it.each([1, 7, 100])('lists deliveries by endpoint and state, %i at a time', async (limit) => {
      const ids = await many(40, 'held');
      await many(3, 'held', { endpointId: 'ep_2' });
      await write(delivery({ eventId: '01HF7YAT00QKZ1V2B3N4M59999', state: 'queued' }));
      expect(await idsOf({ state: 'held', limit, oldestFirst: true })).toEqual(ids);
      expect(await idsOf({ state: 'held', limit })).toEqual([...ids].reverse());
      expect(await idsOf({ state: 'queued', limit })).toEqual(['01HF7YAT00QKZ1V2B3N4M59999']);
      expect(await idsOf({ state: 'failed', limit })).toEqual([]);
    });

    it('lists a delivery where it stands now', async () => {
      await many(1, 'held');
      const [row] = (await lists.list({ endpointId: 'ep_1', state: 'held', limit: 1 })).deliveries;
      await deliveries.replace({ ...row!.delivery, state: 'queued' }, row!.delivery);
      expect(await idsOf({ state: 'held', limit: 10 })).toEqual([]);
      expect(await idsOf({ state: 'queued', limit: 10 })).toHaveLength(1);
      const { nextAttemptAtMs, ...ended } = row!.delivery;
      await deliveries.update({ ...ended, state: 'failed', failure: 'held_too_long' }, 1);
      expect(await idsOf({ state: 'queued', limit: 10 })).toEqual([]);
      expect(await idsOf({ state: 'failed', limit: 10 })).toHaveLength(1);
    });

    it('reads on right behind a delivery of a page, and refuses cursors of other lists', async () => {
      const ids = await many(9, 'held');
      const page = await lists.list({ endpointId: 'ep_1', state: 'held', limit: 5, oldestFirst: true });
      const { cursor } = page.deliveries[2]!;
      const request = { state: 'held', limit: 9, cursor } as const;
      const rest = await lists.list({ endpointId: 'ep_1', oldestFirst: true, ...request });
      expect(rest.deliveries.map((one) => one.delivery.eventId)).toEqual(ids.slice(3));
      await expect(lists.list({ endpointId: 'ep_2', ...request })).rejects.toThrow(InvalidCursor);
      const made = Buffer.from('{"listed_at":"2040-01-01T00:00:00.000Z"}').toString('base64url');
      for (const wrong of ['made-up', made])
        await expect(lists.list({ endpointId: 'ep_1', ...request, cursor: wrong })).rejects.toThrow(
          InvalidCursor,
        );
    });

    it('makes no delivery that is not there', async () => {
      expect(await deliveries.update(delivery(), 0)).toBe(false);
      expect(await deliveries.update(delivery(), 1)).toBe(false);
      expect(await deliveries.read([delivery()])).toEqual([]);
    });
  });
}
