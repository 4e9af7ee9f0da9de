import { describe, expect, test } from 'vitest';
import { deliveryItem } from '../../lib/adapters/delivery-items.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import { delivery } from '../deliveries.ts';

const minute = 60_000;
const day = 86_400_000;
const nowMs = Date.UTC(2040, 0, 1, 12);
const retentionDays = 30;
const item = (parts: Partial<Delivery>) =>
  deliveryItem(delivery({ createdAtMs: nowMs, nextAttemptAtMs: nowMs, ...parts }), nowMs, retentionDays);

describe('a row expires', () => {
  const expiresIn = (parts: Partial<Delivery>) => Number(item(parts)['expires_at']!.N) - nowMs / 1000;
  const days = (count: number) => count * 86_400;

  test('with its event', () => {
    expect(expiresIn({})).toBe(days(30));
    expect(expiresIn({ createdAtMs: nowMs - 10 * day, nextAttemptAtMs: nowMs + 7 * day })).toBe(days(20));
  });

  test('not before what is due next could happen, and be seen', () => {
    expect(expiresIn({ createdAtMs: nowMs - 29 * day, nextAttemptAtMs: nowMs + 7 * day })).toBe(days(9));
  });

  test('not as soon as it ends, however late', () => {
    const ended = { state: 'failed', nextAttemptAtMs: undefined } as const;
    expect(expiresIn({ createdAtMs: nowMs - 40 * day, ...ended })).toBe(days(2));
  });
});

describe('a delivery whose wake-up was sent is due for the sweep', () => {
  const dueIn = (parts: Partial<Delivery>) => {
    const [, at] = /^DUE#(\d+)#/.exec(item(parts)['listing']!.S!)!;
    return Number(at) * minute - nowMs;
  };

  test('when that must have been lost, much later in the lane of slow endpoints', () => {
    expect(dueIn({})).toBe(3 * minute);
    expect(dueIn({ inSlowLane: true })).toBe(30 * minute);
    expect(dueIn({ nextAttemptAtMs: nowMs + 10 * minute, inSlowLane: true })).toBe(40 * minute);
  });

  test('in its own minute where none was sent', () => {
    expect(dueIn({ nextAttemptAtMs: nowMs + 20 * minute, inSlowLane: true })).toBe(20 * minute);
  });
});
