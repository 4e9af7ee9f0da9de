/** How far functions are ahead of this machine, in whole milliseconds: one number that all their threads share. */
export type SharedLead = BigInt64Array<SharedArrayBuffer>;

/** The clock that functions go by, in a test's hands. It runs as this machine's does, and can be put forward. */
export interface FunctionClock {
  readonly lead: SharedLead;
  /** Milliseconds since 1970, as functions see it. */
  now(): number;
  /** From now on every function sees it this much later, also one that is in the middle of something. */
  advance(ms: number): void;
}

export function createFunctionClock(): FunctionClock {
  const lead = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  return {
    lead,
    now: () => Date.now() + leadMs(lead),
    advance: (ms) => void Atomics.add(lead, 0, BigInt(Math.round(ms))),
  };
}

/**
 * From now on code on this thread reads dates that are ahead. Timers and `performance.now()` go on as they did: only
 * what is due is moved, not how long things take.
 */
export function putDatesAhead(lead: SharedLead): void {
  const machineNow = Date.now.bind(Date);
  const now = () => machineNow() + leadMs(lead);
  globalThis.Date = new Proxy(Date, {
    construct: (target, values: unknown[], newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
    apply: () => new Date(now()).toString(),
    get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}

function leadMs(lead: SharedLead): number {
  return Number(Atomics.load(lead, 0));
}
