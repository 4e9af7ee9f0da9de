/**
 * Reports an outage once when it begins and once when it is over, however many things fail in it and however often:
 * a terminal that repeats the same line every second hides the one line that matters.
 */
export interface Outage {
  /** `what` failed (a partition, a receiver, …), and why. Said only if nothing else is failing already. */
  failed(what: string | number, reason: unknown): void;
  /** `what` works again. Said only if it was the last thing that failed. */
  worked(what: string | number): void;
  /** `what` is no concern any more. Says nothing. */
  forget(what: string | number): void;
}

/**
 * @param began the line for the first failure, given its reason
 * @param ended the line when everything works again
 */
export function createOutage(
  say: (line: string) => void,
  began: (reason: string) => string,
  ended: string,
): Outage {
  const failing = new Set<string | number>();
  return {
    failed(what, reason) {
      if (failing.size === 0) say(began(reasonOf(reason)));
      failing.add(what);
    },
    worked(what) {
      if (failing.delete(what) && failing.size === 0) say(ended);
    },
    forget(what) {
      failing.delete(what);
    },
  };
}

/** What to tell a person about something that was thrown: its message, or its name where a library left that empty. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // Node's AggregateError of refused connections has no message of its own, only a code.
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  return thrown.message || code || thrown.name;
}
