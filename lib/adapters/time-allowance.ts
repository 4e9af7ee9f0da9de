/** How much of this process's time somebody may use. */
export interface TimeAllowance {
  /** Whether it is used up: then it stays so for the rest. */
  isSpent(who: string): boolean;
  /** @returns whether that has used it up just now */
  spend(who: string, milliseconds: number): boolean;
}

export interface AllowanceLimits {
  /** Milliseconds in a window. */
  readonly mostMs: number;
  readonly windowMs: number;
  /** How long who has used it up gets nothing. */
  readonly restMs: number;
}

/** Who is forgotten beyond it begins with a new window. */
const mostKnown = 10_000;

export function createTimeAllowance(limits: AllowanceLimits, now: () => number): TimeAllowance {
  const known = new Map<string, { usedMs: number; untilMs: number; isSpent: boolean }>();
  const current = (who: string) => {
    const found = known.get(who);
    return found && now() < found.untilMs ? found : undefined;
  };
  return {
    isSpent: (who) => current(who)?.isSpent ?? false,
    spend(who, milliseconds) {
      if (milliseconds <= 0) return false;
      const window = current(who) ?? { usedMs: 0, untilMs: now() + limits.windowMs, isSpent: false };
      known.delete(who);
      known.set(who, window);
      if (known.size > mostKnown) known.delete(known.keys().next().value!);
      window.usedMs += milliseconds;
      if (window.isSpent || window.usedMs <= limits.mostMs) return false;
      window.isSpent = true;
      window.untilMs = now() + limits.restMs;
      return true;
    },
  };
}
