import { type Attempt, judge } from './attempt.ts';
import type { DeliveryState } from './delivery.ts';

/** Attempts at an endpoint in some time, and the deliveries that they ended. */
export interface Counts {
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly delivered: number;
  readonly failed: number;
}

/** What was counted of an endpoint in one clock hour, by whoever counted it. */
export interface HourCounts {
  /** When the hour begins, milliseconds since 1970. */
  readonly beginsMs: number;
  /** One for each five minutes of it. */
  readonly slots: readonly Counts[];
  /** When an attempt last succeeded, milliseconds since 1970. */
  readonly lastSuccessMs?: number;
}

/** Of the last hour and day, by slots of five minutes: the present one and those before it. */
export interface RecentCounts {
  readonly lastHour: Counts;
  readonly lastDay: Counts;
}

const slotMs = 5 * 60_000;
const slotsAnHour = 12;
const slotsADay = 24 * slotsAnHour;
const hourMs = slotsAnHour * slotMs;

export const noCounts: Counts = { attempts: 0, failedAttempts: 0, delivered: 0, failed: 0 };

/**
 * What one attempt adds.
 * @param state how its delivery stands after it
 * @returns undefined for an attempt that we cut short: it says nothing about the endpoint
 */
export function countsOf(attempt: Attempt, state: DeliveryState): Counts | undefined {
  if (attempt.error === 'aborted') return undefined;
  return {
    attempts: 1,
    failedAttempts: judge(attempt) === 'delivered' ? 0 : 1,
    delivered: state === 'delivered' ? 1 : 0,
    failed: state === 'failed' ? 1 : 0,
  };
}

/** When the clock hour of a moment begins. */
export function hourOf(atMs: number): number {
  return atMs - (atMs % hourMs);
}

/** An hour in which nothing was counted yet. */
export function emptyHour(atMs: number): HourCounts {
  return { beginsMs: hourOf(atMs), slots: Array.from({ length: slotsAnHour }, () => noCounts) };
}

/** The hour after one more attempt in it. */
export function counted(hour: HourCounts, more: Counts, atMs: number): HourCounts {
  const at = Math.floor((atMs - hour.beginsMs) / slotMs);
  const slots = hour.slots.with(at, sum(hour.slots[at]!, more));
  return more.failedAttempts > 0 ? { ...hour, slots } : { ...hour, slots, lastSuccessMs: atMs };
}

/** When the oldest hour begins that `recentCounts` looks at. */
export function firstRecentHour(nowMs: number): number {
  return hourOf(nowMs - (slotsADay - 1) * slotMs);
}

/** The counts of all hours together, of any number of environments. */
export function recentCounts(hours: readonly HourCounts[], nowMs: number): RecentCounts {
  let [lastHour, lastDay] = [noCounts, noCounts];
  const current = Math.floor(nowMs / slotMs);
  for (const { beginsMs, slots } of hours) {
    for (const [at, counts] of slots.entries()) {
      const age = current - (beginsMs / slotMs + at);
      if (age < slotsAnHour) lastHour = sum(lastHour, counts);
      if (age < slotsADay) lastDay = sum(lastDay, counts);
    }
  }
  return { lastHour, lastDay };
}

/** When the last success of all hours was, milliseconds since 1970. */
export function lastSuccessOf(hours: readonly HourCounts[]): number | undefined {
  const times = hours.flatMap(({ lastSuccessMs }) => lastSuccessMs ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}

function sum(one: Counts, other: Counts): Counts {
  return {
    attempts: one.attempts + other.attempts,
    failedAttempts: one.failedAttempts + other.failedAttempts,
    delivered: one.delivered + other.delivered,
    failed: one.failed + other.failed,
  };
}
