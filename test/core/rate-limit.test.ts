import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastRateLimit } from '../../lib/core/rate-limit.ts';

describe('the least rate limit', () => {
  it.each([
    [1, 1, 1],
    [1, 40, 1],
    [1, 41, 2],
    [6, 100, 15],
    [6, 1000, 150],
    [16_383, 1000, 409_575],
  ])('of %i partitions and batches of %i records is %i a second', (partitions, batchSize, least) => {
    expect(leastRateLimit(partitions, batchSize)).toBe(least);
  });

  it('lets one full batch of every partition pass in 40 s, and one record a second less does not', () => {
    const atMost = (most: number) => fc.integer({ min: 1, max: most });
    fc.assert(
      fc.property(atMost(16_383), atMost(1000), (partitions, batchSize) => {
        const least = leastRateLimit(partitions, batchSize);
        expect(Number.isInteger(least)).toBe(true);
        expect((partitions * batchSize) / least).toBeLessThanOrEqual(40);
        if (least > 1) expect((partitions * batchSize) / (least - 1)).toBeGreaterThan(40);
      }),
    );
  });
});
