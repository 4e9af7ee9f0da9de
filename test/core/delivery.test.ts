import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../lib/core/attempt.ts';
import {
  type Delivery,
  afterAttempt,
  attemptsMade,
  deliveryId,
  end,
  hold,
  readDeliveryId,
  replay,
  wake,
} from '../../lib/core/delivery.ts';
import {
  defaultScheduleSeconds,
  nextAttemptDelayMs,
  retryAfterSeconds,
} from '../../lib/core/retry-schedule.ts';

const waiting: Delivery = {
  eventId: 'e',
  endpointId: 'ep',
  orgId: 'acme',
  state: 'queued',
  attempts: [],
  createdAtMs: 0,
  nextAttemptAtMs: 0,
};
const terms = (...scheduleSeconds: number[]) => ({ scheduleSeconds, heldMs: 60_000 });
const attempt = (parts: Partial<Attempt>): Attempt => ({ atMs: 1000, latencyMs: 5, ...parts });

describe('after an attempt', () => {
  test.each([
    [{ statusCode: 200 }, 'delivered', undefined],
    [{ statusCode: 204 }, 'delivered', undefined],
    [{ statusCode: 301 }, 'queued', 6000],
    [{ statusCode: 404 }, 'queued', 6000],
    [{ statusCode: 500 }, 'queued', 6000],
    [{ error: 'timeout' }, 'queued', 6000],
    [{ error: 'aborted' }, 'queued', 1000],
    [{ statusCode: 429, retryAfterSeconds: 90 }, 'queued', 91_000],
    [{ statusCode: 503, retryAfterSeconds: 1 }, 'queued', 6000],
    [{ statusCode: 410 }, 'held', 61_000],
    [{ acknowledged: { partition: 0, offset: '7' } }, 'delivered', undefined],
    [{ error: 'authentication' }, 'queued', 6000],
    [{ error: 'authorization' }, 'queued', 6000],
    [{ error: 'unknown_topic' }, 'queued', 6000],
    [{ error: 'too_large' }, 'failed', undefined],
  ] as const)('%j the delivery is %s, and next due at %s ms', (result, state, dueMs) => {
    const next = afterAttempt(waiting, attempt(result), terms(5), 1000, 0);
    expect(next).toMatchObject({ state, attempts: [attempt(result)] });
    expect(next.nextAttemptAtMs).toBe(dueMs);
  });

  test('that our own time cut short, the schedule is where it was', () => {
    const cut = afterAttempt(waiting, attempt({ error: 'aborted' }), terms(), 1000, 0);
    expect(cut).toMatchObject({ state: 'queued', nextAttemptAtMs: 1000 });
    const refused = afterAttempt(cut, attempt({ statusCode: 500 }), terms(5), 1000, 0);
    expect(refused).toMatchObject({ state: 'queued', nextAttemptAtMs: 6000 });
  });

  test('the last of the schedule it has failed, and nothing is due', () => {
    const once = afterAttempt(waiting, attempt({ statusCode: 500 }), terms(5), 1000, 0);
    const twice = afterAttempt(once, attempt({ statusCode: 500 }), terms(5), 7000, 0);
    expect(twice).toMatchObject({ state: 'failed', failure: 'attempts_exhausted' });
    expect(twice.attempts).toHaveLength(2);
    expect(twice).not.toHaveProperty('nextAttemptAtMs');
  });
});

test('a delivery that its endpoint will never take ends at once, and says why', () => {
  const refused = afterAttempt(waiting, attempt({ error: 'too_large' }), terms(5, 5), 1000, 0);
  expect(refused).toMatchObject({
    state: 'failed',
    failure: 'not_retryable',
    attempts: [{ error: 'too_large' }],
  });
});

describe('a delivery that is replayed', () => {
  const failed = end(
    { ...waiting, attempts: [attempt({ statusCode: 500 }), attempt({ statusCode: 500 })] },
    'failed',
    'attempts_exhausted',
  );

  test('begins a new cycle at once, and keeps its attempts', () => {
    const again = replay(failed, 9000, 'rpl_1');
    expect(again).toEqual({
      ...waiting,
      attempts: failed.attempts,
      attemptsBefore: 2,
      replayedAtMs: 9000,
      replayId: 'rpl_1',
      nextAttemptAtMs: 9000,
    });
    expect(replay(end(again, 'delivered'), 10_000)).toMatchObject({ replayId: 'rpl_1', attemptsBefore: 2 });
  });

  test('has the whole schedule before it', () => {
    const first = afterAttempt(replay(failed, 9000), attempt({ statusCode: 500 }), terms(5), 9000, 0);
    expect(first).toMatchObject({ state: 'queued', nextAttemptAtMs: 14_000 });
    const second = afterAttempt(first, attempt({ statusCode: 500 }), terms(5), 14_000, 0);
    expect(second).toMatchObject({ state: 'failed', failure: 'attempts_exhausted', attemptsBefore: 2 });
    expect(second.attempts).toHaveLength(4);
  });

  test('keeps the first few of its attempts and the latest, and counts the others', () => {
    let row: Delivery = failed;
    for (let cycle = 0; cycle < 1_000; cycle++) {
      const again = { ...attempt({ statusCode: 500 }), latencyMs: cycle };
      row = afterAttempt(replay(row, 9000), again, terms(), 9000, 0);
    }
    expect(row).toMatchObject({ state: 'failed', attemptsBefore: 1_001 });
    expect(attemptsMade(row)).toBe(1_002);
    expect(row.attempts.map(({ latencyMs }) => latencyMs)).toEqual([
      ...[5, 5, 0, 1, 2],
      ...Array.from({ length: 46 }, (_, n) => 954 + n),
    ]);
    const next = afterAttempt(replay(row, 9000), attempt({ statusCode: 500 }), terms(5), 9000, 0);
    expect(next).toMatchObject({ state: 'queued', nextAttemptAtMs: 14_000 });
  });
});

test('a delivery is held until its time, and due at once when it is woken', () => {
  const held = hold({ ...waiting, slot: { atMs: 5, rateLimit: 1 } }, 60_000);
  expect(held).toEqual({ ...waiting, state: 'held', nextAttemptAtMs: 60_000 });
  expect(wake(held, 7)).toEqual({ ...waiting, releasedAtMs: 7, nextAttemptAtMs: 7 });
  expect(wake(waiting, 7)).toEqual({ ...waiting, nextAttemptAtMs: 7 });
});

test('the id of a delivery is read back, and nothing else is', () => {
  const key = { eventId: '01HF7YAT00QKZ1V2B3N4M5P6R7', endpointId: `a-_${'b'.repeat(61)}` };
  expect(readDeliveryId(deliveryId(key))).toEqual(key);
  for (const wrong of ['', key.eventId, `${key.eventId}-`, `${deliveryId(key)}c`, `x${deliveryId(key)}`])
    expect(readDeliveryId(wrong), wrong).toBeUndefined();
});

test('the default schedule makes ten attempts', () => {
  const delays = Array.from({ length: 10 }, (_, made) =>
    nextAttemptDelayMs(defaultScheduleSeconds, made + 1, undefined, 0),
  );
  expect(delays.map((delay) => delay && delay / 1000)).toEqual([
    5,
    300,
    1800,
    7200,
    18_000,
    36_000,
    50_400,
    72_000,
    86_400,
    undefined,
  ]);
});

test('jitter adds up to a tenth and never takes away', () => {
  expect(nextAttemptDelayMs([100], 1, undefined, 0)).toBe(100_000);
  expect(nextAttemptDelayMs([100], 1, undefined, 1)).toBe(110_000);
});

test.each([
  ['120', 120],
  [' 0 ', 0],
  ['999999999', 86_400],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 59],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %j means %s seconds', (header, seconds) => {
  expect(retryAfterSeconds(header, 1000)).toBe(seconds);
});
