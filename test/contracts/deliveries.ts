import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryStore, IngestStore } from '../../lib/app/ports/events.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import { delivery } from '../deliveries.ts';
import { ingestResult } from '../journal-events.ts';

export interface DeliveriesUnderTest {
  readonly store: IngestStore;
  readonly deliveries: DeliveryStore;
}

const attempt = { atMs: 1_700_000_005_000, latencyMs: 3, statusCode: 503, retryAfterSeconds: 7 };
const attempted = (from: Delivery): Delivery => ({ ...from, attempts: [...from.attempts, attempt] });
const byEndpoint = (one: Delivery, other: Delivery) => (one.endpointId < other.endpointId ? -1 : 1);

/** What every adapter of `DeliveryStore` does. */
export function deliveriesContract(adapter: string, create: () => Promise<DeliveriesUnderTest>): void {
  describe(`DeliveryStore: ${adapter}`, () => {
    let store: IngestStore;
    let deliveries: DeliveryStore;
    const write = (...rows: Delivery[]) => store.write(ingestResult({ deliveries: rows }));

    beforeEach(async () => {
      ({ store, deliveries } = await create());
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

    it('makes no delivery that is not there', async () => {
      expect(await deliveries.update(delivery(), 0)).toBe(false);
      expect(await deliveries.update(delivery(), 1)).toBe(false);
      expect(await deliveries.read([delivery()])).toEqual([]);
    });
  });
}
