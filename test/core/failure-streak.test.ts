import { describe, expect, test } from 'vitest';
import { newAlerts, withAlerts } from '../../lib/core/failure-streak.ts';
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

test('all that it may have is reached only when they came over the time that the stage says', () => {
  const lasting = (ms: number) =>
    newAlerts(
      endpoint(),
      { failures: 200, sinceMs },
      { allowed: 100, disablesAfterMs: 60_000 },
      sinceMs + ms,
    );
  expect(lasting(59_999).map(({ percent }) => percent)).toEqual([90, 70, 50]);
  expect(lasting(60_000).map(({ percent }) => percent)).toEqual([100, 90, 70, 50]);
});

test('what the endpoint tells already is told again for another streak only', () => {
  const streak = { failures: 70, sinceMs };
  const percents = (alerts: EndpointAlert[]) =>
    newAlerts(endpoint({ alerts }), streak, terms, nowMs).map(({ percent }) => percent);
  expect(percents([told(50)])).toEqual([70]);
  expect(percents([told(70), told(50)])).toEqual([]);
  expect(percents([told(50, { since: at })])).toEqual([70, 50]);
});

describe('the endpoint with its alerts', () => {
  test('has the newest first, ten of them, and the hint, beside what it was', () => {
    const before = endpoint({
      hints: { slow: true },
      alerts: Array.from({ length: 9 }, (_, n) => told(n)),
    });
    const after = withAlerts(before, [told(90), told(70)], terms);
    expect(after).toEqual({
      ...before,
      alerts: [told(90), told(70), ...before.alerts!.slice(0, 8)],
      hints: { slow: true, failing: true },
    });
  });

  test.each([
    ['active', true, 100, 'disabled', 'failing'],
    ['active', true, 90, 'active', undefined],
    ['active', false, 100, 'active', undefined],
    ['paused', true, 100, 'paused', undefined],
    ['disabled', true, 100, 'disabled', 'gone'],
  ] as const)(
    'that was %s (disabling: %j) is at %d percent %s',
    (status, disables, percent, after, reason) => {
      const before = endpoint({ status, ...(status === 'disabled' && { disabledReason: 'gone' }) });
      const made = withAlerts(before, [told(percent)], {
        ...terms,
        disablesAfterMs: disables ? 0 : undefined,
      });
      expect([made.status, made.disabledReason]).toEqual([after, reason]);
      expect(made.updatedAt).toBe(after === status ? before.updatedAt : at);
    },
  );
});
