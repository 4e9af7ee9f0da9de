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

    const claim = async (scope: string, key: string, eventId: string) =>
      (await claims.claim(scope, [{ key, eventId, origin: eventId }]))[0];

    it('gives a key to the first event, and tells later ones which that is', async () => {
      expect(await claim('ingest', 'key', 'first')).toBe('first');
      expect(await claim('ingest', 'key', 'second')).toBe('first');
    });

    it('gives a key again to the event that has it', async () => {
      await claim('ingest', 'key', 'first');
      expect(await claim('ingest', 'key', 'first')).toBe('first');
    });

    it('gives a key to another event of the same origin, which is the same thing read otherwise', async () => {
      const one = { key: 'key', eventId: 'one', origin: '0.7' };
      expect(await claims.claim('ingest', [one])).toEqual(['one']);
      expect(await claims.claim('ingest', [{ ...one, eventId: 'other' }])).toEqual(['other']);
      expect(await claims.claim('ingest', [{ ...one, eventId: 'third', origin: '0.8' }])).toEqual(['other']);
    });

    it('gives a key to exactly one of many events at once', async () => {
      const ids = Array.from({ length: 8 }, (_, n) => `event-${n}`);
      const holders = await Promise.all(ids.map((id) => claim('ingest', 'key', id)));
      expect(new Set(holders).size).toBe(1);
      expect(ids).toContain(holders[0]);
    });

    it('keeps keys and scopes apart', async () => {
      await claim('ingest', 'key', 'first');
      expect(await claim('ingest', 'Key', 'second')).toBe('second');
      expect(await claim('other', 'key', 'third')).toBe('third');
    });

    it('gives a key anew when its window is over, and not a second before', async () => {
      await claim('ingest', 'key', 'first');
      nowMs += 24 * hour - 1000;
      expect(await claim('ingest', 'key', 'second')).toBe('first');
      nowMs += 2000;
      expect(await claim('ingest', 'key', 'third')).toBe('third');
      expect(await claim('ingest', 'key', 'fourth')).toBe('third');
    });

    it('takes many at once, new ones and taken ones, and answers in their order', async () => {
      const first = Array.from({ length: 60 }, (_, n) => ({
        key: `key-${n}`,
        eventId: `first-${n}`,
        origin: `first-${n}`,
      }));
      expect(await claims.claim('ingest', first)).toEqual(first.map(({ eventId }) => eventId));
      const mixed = Array.from({ length: 100 }, (_, n) => ({
        key: `key-${99 - n}`,
        eventId: `second-${n}`,
        origin: `second-${n}`,
      }));
      const holders = mixed.map(({ key, eventId }) =>
        Number(key.slice(4)) < 60 ? `first-${key.slice(4)}` : eventId,
      );
      expect(await claims.claim('ingest', mixed)).toEqual(holders);
      expect(await claims.claim('ingest', [])).toEqual([]);
    });

    it('tells who has a key without claiming it', async () => {
      expect(await claims.holder('ingest', 'key')).toBeUndefined();
      await claim('ingest', 'key', 'first');
      expect(await claims.holder('ingest', 'key')).toBe('first');
      expect(await claims.holder('other', 'key')).toBeUndefined();
      nowMs += 25 * hour;
      expect(await claims.holder('ingest', 'key')).toBeUndefined();
    });

    it('takes keys of any characters and length', async () => {
      for (const key of ['ü€😀', '\u0000', '#', 'k'.repeat(256)]) {
        expect(await claim('ingest', key, 'one')).toBe('one');
        expect(await claim('ingest', key, 'two')).toBe('one');
      }
    });
  });
}
