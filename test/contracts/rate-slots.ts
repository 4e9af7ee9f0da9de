import { beforeEach, describe, expect, it } from 'vitest';
import type { RateSlots } from '../../lib/app/ports/rate-slots.ts';

/** What every adapter of `RateSlots` does. */
export function rateSlotsContract(adapter: string, create: (now: () => number) => Promise<RateSlots>): void {
  describe(`RateSlots: ${adapter}`, () => {
    let slots: RateSlots;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = Date.now();
      slots = await create(() => nowMs);
    });

    const reserve = (durationMs: number, latestMs = nowMs + 60_000, source = 'ingest') =>
      slots.reserve(source, durationMs, latestMs);

    it('begins at once when nothing is reserved, and behind what is', async () => {
      expect(await reserve(2000)).toBe(nowMs);
      expect(await reserve(500)).toBe(nowMs + 2000);
      expect(await reserve(500)).toBe(nowMs + 2500);
    });

    it('begins at once again when what was reserved is over', async () => {
      await reserve(2000);
      nowMs += 1999;
      expect(await reserve(10)).toBe(nowMs + 1);
      nowMs += 5000;
      expect(await reserve(10)).toBe(nowMs);
    });

    it('gives each of many at once a time of its own', async () => {
      const starts = await Promise.all(Array.from({ length: 12 }, () => reserve(100)));
      const expected = Array.from({ length: 12 }, (_, n) => nowMs + n * 100);
      expect([...starts].sort((one, other) => one! - other!)).toEqual(expected);
    });

    it('reserves nothing where it would begin too late', async () => {
      await reserve(5000);
      expect(await reserve(100, nowMs + 4999)).toBeUndefined();
      expect(await reserve(100, nowMs + 5000)).toBe(nowMs + 5000);
    });

    it('reserves nothing for a time that is over', async () => {
      expect(await reserve(100, nowMs - 1)).toBeUndefined();
      expect(await reserve(100)).toBe(nowMs);
    });

    it('keeps sources apart', async () => {
      await reserve(5000);
      expect(await reserve(100, undefined, 'other')).toBe(nowMs);
    });
  });
}
