/** Seconds to wait before each further attempt, for endpoints without a schedule of their own. Three and a half days in all. */
export const defaultScheduleSeconds: readonly number[] = [
  5,
  5 * 60,
  30 * 60,
  2 * 3600,
  5 * 3600,
  10 * 3600,
  14 * 3600,
  20 * 3600,
  24 * 3600,
];

/** How long a schedule lasts at most with its jitter, milliseconds. */
export function scheduleMs(scheduleSeconds: readonly number[] = defaultScheduleSeconds): number {
  return scheduleSeconds.reduce((sum, wait) => sum + wait, 0) * 1100;
}

const mostRetryAfterSeconds = 24 * 3600;

/**
 * When the next attempt is due.
 * @param scheduleSeconds the wait before the second attempt, the third, and so on
 * @param attemptsMade at least 1
 * @param retryAfterSeconds what the endpoint asked for: the attempt is never earlier
 * @param random from 0 to 1: up to a tenth of the wait is added, so that many deliveries that failed together
 *   do not come again together
 * @returns milliseconds to wait, or undefined when the schedule has ended
 */
export function nextAttemptDelayMs(
  scheduleSeconds: readonly number[],
  attemptsMade: number,
  retryAfterSeconds: number | undefined,
  random: number,
): number | undefined {
  const wait = scheduleSeconds[attemptsMade - 1];
  if (wait === undefined) return undefined;
  return Math.round(Math.max(wait, retryAfterSeconds ?? 0) * (1 + random / 10) * 1000);
}

/**
 * Reads a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3).
 * @returns whole seconds from now, 0 to a day, or undefined when the header says nothing readable
 */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  // An HTTP date begins with the day's name; Date.parse alone reads dates out of almost anything.
  const dateMs = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : NaN;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((dateMs - nowMs) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), mostRetryAfterSeconds);
}
