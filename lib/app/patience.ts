/** What an environment has left to wait for endpoints that nobody knows yet. */
export interface Patience {
  /** Milliseconds that first attempts may wait from now on. */
  leftMs(): number;
  /** Attempts that began and were cut short then, in milliseconds since 1970, had waited for nothing. */
  spend(fromMs: number, untilMs: number): void;
}

/** All of it is back after so long: so no more than a small part of an environment's time is ever waited away. */
const backAfterMs = 10_000;

/**
 * The patience of one environment. What attempts wait side by side is spent once.
 * @param mostMs what there is of it at the beginning, and at most
 */
export function createPatience(mostMs: number, now: () => number): Patience {
  let left = mostMs;
  let atMs = now();
  let spentUntilMs = 0;
  const refill = () => {
    const nowMs = now();
    left = Math.min(mostMs, left + ((nowMs - atMs) * mostMs) / backAfterMs);
    atMs = nowMs;
  };
  return {
    leftMs() {
      refill();
      return Math.max(left, 0);
    },
    spend(fromMs, untilMs) {
      refill();
      left -= Math.max(untilMs - Math.max(fromMs, spentUntilMs), 0);
      spentUntilMs = Math.max(spentUntilMs, untilMs);
    },
  };
}
