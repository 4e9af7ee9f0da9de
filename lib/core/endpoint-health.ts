import { type Attempt, judge } from './attempt.ts';

/** What the last attempts at an endpoint say of it. Everything here is pure: a step makes a new value. */
export interface EndpointHealth {
  /** The newest last. */
  readonly recent: readonly Sample[];
  readonly circuit: Circuit;
}

interface Sample {
  readonly isFailure: boolean;
  /** We did not wait for its answer. */
  readonly isCut: boolean;
  readonly latencyMs: number;
}

/**
 * `closed`: requests go through. Otherwise none does until `openUntilMs`; then one at a time is let through as a trial,
 * until one succeeds.
 */
export type Circuit =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly openUntilMs: number; readonly openMs: number };

/** Attempts that are looked at. */
const mostRecent = 20;
/** The circuit opens when at least so many attempts are known, and half of them failed. */
const leastForCircuit = 10;
const openingShare = 0.5;
const leastSlow = 3;
const leastVerySlow = 2;
const leastFast = 5;
export const firstOpenMs = 30_000;
const longestOpenMs = 60_000;

export const unknownHealth: EndpointHealth = { recent: [], circuit: { state: 'closed' } };

/** An endpoint's health after one more attempt. One that we cut short is slow, and no failure. */
export function afterSample(health: EndpointHealth, attempt: Attempt, nowMs: number): EndpointHealth {
  const isCut = attempt.error === 'aborted';
  const isFailure = !isCut && judge(attempt) !== 'delivered';
  const { latencyMs } = attempt;
  const recent = [...health.recent, { isFailure, isCut, latencyMs }].slice(-mostRecent);
  const { circuit } = health;
  if (circuit.state === 'open') {
    // It was under way when the circuit opened.
    if (nowMs < circuit.openUntilMs) return { recent, circuit };
    // A trial that we cut short tells neither.
    if (isCut) return { recent, circuit };
    // A trial. What came before says nothing about an endpoint that answers again.
    if (!isFailure) return { recent: recent.slice(-1), circuit: { state: 'closed' } };
    return { recent, circuit: open(nowMs, Math.min(circuit.openMs * 2, longestOpenMs)) };
  }
  const failures = recent.filter((sample) => sample.isFailure).length;
  const opens = recent.length >= leastForCircuit && failures >= recent.length * openingShare;
  return { recent, circuit: opens ? open(nowMs, firstOpenMs) : circuit };
}

function open(nowMs: number, openMs: number): Circuit {
  return { state: 'open', openMs, openUntilMs: nowMs + openMs };
}

/**
 * Whether an endpoint is too slow for attempts that others wait for: three of its recent attempts took longer, or were cut
 * short. One or two may be our own doing, in an environment that has just started or has much to do; but two that took more
 * than twice as long are enough while nothing better is known.
 * @param mostMs milliseconds
 * @returns undefined when too little is known: fewer than five that were fast
 */
export function isSlow({ recent }: EndpointHealth, mostMs: number): boolean | undefined {
  const slow = recent.filter(({ isCut, latencyMs }) => isCut || latencyMs > mostMs).length;
  if (slow >= leastSlow) return true;
  if (recent.length - slow >= leastFast) return false;
  const verySlow = recent.filter(({ latencyMs }) => latencyMs > 2 * mostMs).length;
  return verySlow >= leastVerySlow ? true : undefined;
}
