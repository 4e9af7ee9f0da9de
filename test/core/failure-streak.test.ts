import { describe, expect, test } from 'vitest';
import { afterStreak, newAlerts } from '../../lib/core/failure-streak.ts';
import type { EndpointAlert } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';

const sinceMs = Date.parse('2026-11-21T14:00:00Z');
const nowMs = sinceMs + 60_000;
const since = new Date(sinceMs).toISOString();
const at = new Date(nowMs).toISOString();
const told = (percent: number, parts: Partial<EndpointAlert> = {}): EndpointAlert => {
  return { at, percent, consecutiveFailures: 50, since, ...parts };
};
const terms = { allowed: 100, disablesAfterMs: 0 };

test.each<[failures: number, allowed: number, percents: number[]]>([
  [49, 100, []],
  [50, 100, [50]],
  [69, 100, [50]],
  [70, 100, [70, 50]],
  [90, 100, [90, 70, 50]],
  [99, 100, [90, 70, 50]],
  [1000, 100, [100, 90, 70, 50]],
  [4, 10, []],
  [5, 10, [50]],
  [5, 11, []],
  [6, 11, [50]],
  [10, 11, [90, 70, 50]],
])('%d failures of %d allowed tell of %j percent', (failures, allowed, percents) => {
  const alerts = newAlerts(endpoint(), { failures, sinceMs }, { allowed, disablesAfterMs: 0 }, nowMs);
  expect(alerts).toEqual(percents.map((percent) => told(percent, { consecutiveFailures: failures })));
});

test('what the endpoint tells already is told again for another streak only', () => {
  const streak = { failures: 70, sinceMs };
  const percents = (alerts: EndpointAlert[]) =>
    newAlerts(endpoint({ alerts }), streak, terms, nowMs).map(({ percent }) => percent);
  expect(percents([told(50)])).toEqual([70]);
  expect(percents([told(70), told(50)])).toEqual([]);
  expect(percents([told(50, { since: at })])).toEqual([70, 50]);
});

describe('the endpoint after a streak', () => {
  const streak = (failures: number) => ({ failures, sinceMs });

  test('has the newest alerts first, ten of them, and the hint, beside what it was', () => {
    const before = endpoint({
      hints: { slow: true },
      alerts: Array.from({ length: 9 }, (_, n) => told(n, { since: at })),
    });
    const alerts = [70, 50].map((percent) => told(percent, { consecutiveFailures: 70 }));
    expect(afterStreak(before, streak(70), terms, nowMs)).toEqual({
      ...before,
      alerts: [...alerts, ...before.alerts!.slice(0, 8)],
      hints: { slow: true, failing: true },
    });
  });

  test('is the very same when there is nothing new', () => {
    const before = endpoint({ alerts: [told(50)] });
    expect(afterStreak(before, streak(60), terms, nowMs)).toBe(before);
  });

  test.each([
    ['active', 0, 100, 'disabled', 'failing'],
    ['active', 0, 99, 'active', undefined],
    ['active', undefined, 100, 'active', undefined],
    ['active', 60_000, 100, 'disabled', 'failing'],
    ['active', 60_001, 100, 'active', undefined],
    ['paused', 0, 100, 'paused', undefined],
    ['disabled', 0, 100, 'disabled', 'gone'],
  ] as const)(
    'that was %s (disabling after %j ms) is after %d failures in a minute %s',
    (status, disablesAfterMs, failures, after, reason) => {
      const before = endpoint({ status, ...(status === 'disabled' && { disabledReason: 'gone' }) });
      const made = afterStreak(before, streak(failures), { allowed: 100, disablesAfterMs }, nowMs);
      expect([made.status, made.disabledReason]).toEqual([after, reason]);
      expect(made.updatedAt).toBe(after === status ? before.updatedAt : at);
    },
  );

  test('is disabled by a later failure when its alerts tell everything already', () => {
    const alerts = [100, 90, 70, 50].map((percent) => told(percent));
    const before = endpoint({ alerts });
    const made = afterStreak(before, streak(150), { allowed: 100, disablesAfterMs: 60_000 }, nowMs);
    expect(made).toMatchObject({ status: 'disabled', alerts });
  });
});
