import { beforeEach, describe, expect, it } from 'vitest';
import type { FailureStreaks } from '../../lib/app/ports/failure-streaks.ts';

const endpoint = { id: 'ep_1', orgId: 'acme' };
const sinceMs = 1_700_000_000_000;

/** What every adapter of `FailureStreaks` does. */
export function failureStreaksContract(adapter: string, create: () => Promise<FailureStreaks>): void {
  describe(`FailureStreaks: ${adapter}`, () => {
    let streaks: FailureStreaks;

    beforeEach(async () => {
      streaks = await create();
    });

    it('adds up failures from the first of them on', async () => {
      expect(await streaks.add(endpoint, 2, sinceMs)).toEqual({ failures: 2, sinceMs });
      expect(await streaks.add(endpoint, 3, sinceMs + 1000)).toEqual({ failures: 5, sinceMs });
    });

    it('gives each of many at once a number of its own', async () => {
      const added = await Promise.all(Array.from({ length: 20 }, () => streaks.add(endpoint, 1, sinceMs)));
      const numbers = added.map(({ failures }) => failures).sort((one, other) => one - other);
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    });

    it('begins anew after a reset, which may come twice', async () => {
      await streaks.add(endpoint, 5, sinceMs);
      await streaks.reset(endpoint);
      await streaks.reset(endpoint);
      expect(await streaks.add(endpoint, 1, sinceMs + 1000)).toEqual({
        failures: 1,
        sinceMs: sinceMs + 1000,
      });
    });

    it('resets the streak that is meant, and none that began since', async () => {
      await streaks.add(endpoint, 5, sinceMs);
      await streaks.reset(endpoint, sinceMs - 1);
      expect((await streaks.add(endpoint, 1, sinceMs)).failures).toBe(6);
      await streaks.reset(endpoint, sinceMs);
      await streaks.reset(endpoint, sinceMs);
      expect((await streaks.add(endpoint, 1, sinceMs)).failures).toBe(1);
    });

    it('keeps endpoints apart, and those of other orgs that have had the same id', async () => {
      await streaks.add(endpoint, 5, sinceMs);
      for (const other of [
        { ...endpoint, id: 'ep_2' },
        { ...endpoint, orgId: 'globex' },
      ]) {
        expect((await streaks.add(other, 1, sinceMs)).failures).toBe(1);
      }
    });
  });
}
