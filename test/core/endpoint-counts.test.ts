import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../lib/core/attempt.ts';
import type { DeliveryState } from '../../lib/core/delivery.ts';
import {
  type Counts,
  counted,
  countsOf,
  emptyHour,
  firstRecentHour,
  hourOf,
  lastSuccessOf,
  noCounts,
  recentCounts,
} from '../../lib/core/endpoint-counts.ts';

const minutes = 60_000;
const hours = 60 * minutes;
/** 14:32:10, so in the slot of 14:30. */
const nowMs = Date.parse('2026-11-21T14:32:10Z');

describe('what an attempt counts as', () => {
  const answered = (statusCode: number) => ({ statusCode });
  test.each<[what: Partial<Attempt>, state: DeliveryState, counts: Partial<Counts> | undefined]>([
    [answered(204), 'delivered', { attempts: 1, delivered: 1 }],
    [answered(500), 'queued', { attempts: 1, failedAttempts: 1 }],
    [answered(500), 'failed', { attempts: 1, failedAttempts: 1, failed: 1 }],
    [answered(410), 'held', { attempts: 1, failedAttempts: 1 }],
    [{ error: 'timeout' }, 'queued', { attempts: 1, failedAttempts: 1 }],
    [{ error: 'aborted' }, 'queued', undefined],
  ])('%j, then %s', (attempt, state, counts) => {
    const expected = counts && { ...noCounts, ...counts };
    expect(countsOf({ atMs: nowMs, latencyMs: 1, ...attempt }, state)).toEqual(expected);
  });
});

const one: Counts = { attempts: 1, failedAttempts: 1, delivered: 0, failed: 0 };
const countedAt = (atMs: number, more = one) => counted(emptyHour(atMs), more, atMs);

describe('an attempt', () => {
  const slotStart = Date.parse('2026-11-21T14:30:00Z');
  test.each([
    ['now', nowMs, 1, 1],
    ['in the first slot of the last hour', slotStart - 55 * minutes, 1, 1],
    ['just before that', slotStart - 55 * minutes - 1, 0, 1],
    ['in the first slot of the last day', slotStart - 24 * hours + 5 * minutes, 0, 1],
    ['just before that', slotStart - 24 * hours + 5 * minutes - 1, 0, 0],
    ['by a clock that is ahead', nowMs + 10 * minutes, 1, 1],
  ])('%s is in the last hour and in the last day or not', (_, atMs, inHour, inDay) => {
    const { lastHour, lastDay } = recentCounts([countedAt(atMs)], nowMs);
    expect([lastHour.attempts, lastDay.attempts]).toEqual([inHour, inDay]);
    if (inDay) expect(hourOf(atMs)).toBeGreaterThanOrEqual(firstRecentHour(nowMs));
  });
});

test('the counts of all hours and environments are added up', () => {
  const success: Counts = { attempts: 1, failedAttempts: 0, delivered: 1, failed: 0 };
  const two = counted(countedAt(nowMs), success, nowMs - 10 * minutes);
  const { lastHour, lastDay } = recentCounts(
    [two, two, countedAt(nowMs - 3 * hours, { ...one, failed: 1 })],
    nowMs,
  );
  expect(lastHour).toEqual({ attempts: 4, failedAttempts: 2, delivered: 2, failed: 0 });
  expect(lastDay).toEqual({ attempts: 5, failedAttempts: 3, delivered: 2, failed: 1 });
  expect(lastSuccessOf([two, countedAt(nowMs)])).toBe(nowMs - 10 * minutes);
  expect(lastSuccessOf([countedAt(nowMs)])).toBeUndefined();
  expect(recentCounts([], nowMs)).toEqual({ lastHour: noCounts, lastDay: noCounts });
});
