import { beforeEach, describe, expect, it } from 'vitest';
import type { ClaimStore } from '../../lib/app/ports/claims.ts';

const hour = 3_600_000;

/** What every adapter of `ClaimStore` does; its window is 24 hours. */
export function claimsContract(adapter: string, create: (now: () => number) => Promise<ClaimStore>): void {
  describe(`ClaimStore: ${adapter}`, () => {
    let claims: ClaimStore;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = Date.now();
      claims = await create(() => nowMs);
    });

    it('gives a key to the first event, and tells later ones which that is', async () => {
      expect(await claims.claim('ingest', 'key', 'first')).toBe('first');
      expect(await claims.claim('ingest', 'key', 'second')).toBe('first');
    });

    it('gives a key again to the event that has it', async () => {
      await claims.claim('ingest', 'key', 'first');
      expect(await claims.claim('ingest', 'key', 'first')).toBe('first');
    });

    it('gives a key to exactly one of many events at once', async () => {
      const ids = Array.from({ length: 8 }, (_, n) => `event-${n}`);
      const holders = await Promise.all(ids.map((id) => claims.claim('ingest', 'key', id)));
      expect(new Set(holders).size).toBe(1);
      expect(ids).toContain(holders[0]);
    });

    it('keeps keys and scopes apart', async () => {
      await claims.claim('ingest', 'key', 'first');
      expect(await claims.claim('ingest', 'Key', 'second')).toBe('second');
      expect(await claims.claim('other', 'key', 'third')).toBe('third');
    });

    it('gives a key anew when its window is over, and not a second before', async () => {
      await claims.claim('ingest', 'key', 'first');
      nowMs += 24 * hour - 1000;
      expect(await claims.claim('ingest', 'key', 'second')).toBe('first');
      nowMs += 2000;
      expect(await claims.claim('ingest', 'key', 'third')).toBe('third');
      expect(await claims.claim('ingest', 'key', 'fourth')).toBe('third');
    });

    it('takes keys of any characters and length', async () => {
      for (const key of ['ü€😀', '\u0000', '#', 'k'.repeat(256)]) {
        expect(await claims.claim('ingest', key, 'one')).toBe('one');
        expect(await claims.claim('ingest', key, 'two')).toBe('one');
      }
    });
  });
}
