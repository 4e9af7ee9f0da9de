import { expect, test } from 'vitest';
import { madeAgain } from '../../lib/app/replay-deliveries.ts';
import { delivery } from '../deliveries.ts';

const nowMs = 1_800_000_000_000;
const row = delivery({
  nextAttemptAtMs: nowMs + 3_600_000,
  slot: { atMs: nowMs + 3_600_000, rateLimit: 1 },
});

test('what has its time under its endpoint’s rate limit is left there', () => {
  expect(madeAgain({ delivery: row, row }, nowMs, undefined, 1)).toBeUndefined();
});

test('what has missed its time, and waits for a place, is due at once', () => {
  const crowded = delivery({
    nextAttemptAtMs: nowMs + 600_000,
    slot: { atMs: nowMs - 60_000, rateLimit: 1 },
  });
  const again = madeAgain({ delivery: crowded, row: crowded }, nowMs, undefined, 1);
  expect(again).toMatchObject({ nextAttemptAtMs: nowMs });
});

test.each([
  ['another limit', 50],
  ['a limit that is gone', undefined],
])('what waits for a time of %s is due at once', (_, rateLimit) => {
  const { slot, ...rest } = row;
  expect(madeAgain({ delivery: row, row }, nowMs, undefined, rateLimit)).toEqual({
    ...rest,
    nextAttemptAtMs: nowMs,
  });
});

test('what is due already is left alone, unless its wake-up must have been lost', () => {
  const due = (ageMs: number) => {
    const waiting = delivery({ nextAttemptAtMs: nowMs - ageMs });
    return madeAgain({ delivery: waiting, row: waiting }, nowMs, undefined, undefined);
  };
  expect(due(1_000)).toBeUndefined();
  expect(due(61_000)).toMatchObject({ state: 'queued', nextAttemptAtMs: nowMs });
});
