import type { Endpoint, EndpointAlert } from './endpoint.ts';

/** Failed attempts at an endpoint with no success between them, over all environments. */
export interface FailureStreak {
  readonly failures: number;
  /** When the first of them failed, milliseconds since 1970. */
  readonly sinceMs: number;
}

/** How many failures in a row a stage allows an endpoint. */
export interface FailureTerms {
  readonly allowed: number;
  /**
   * An endpoint that has had as many over at least this long is disabled, milliseconds; undefined for never. Many may fail
   * in the seconds that a restart takes.
   */
  readonly disablesAfterMs?: number;
}

const alertPercents = [50, 70, 90, 100];
/** Alerts that are kept of an endpoint. */
const mostAlerts = 10;

/** What a streak has reached and the endpoint's alerts do not tell yet, the highest first. */
export function newAlerts(
  { alerts = [] }: Endpoint,
  { failures, sinceMs }: FailureStreak,
  { allowed }: FailureTerms,
  nowMs: number,
): EndpointAlert[] {
  const since = new Date(sinceMs).toISOString();
  const told = alerts.filter((alert) => alert.since === since).map(({ percent }) => percent);
  return alertPercents
    .filter((percent) => failures * 100 >= allowed * percent && !told.includes(percent))
    .map((percent) => ({ at: new Date(nowMs).toISOString(), percent, consecutiveFailures: failures, since }))
    .reverse();
}

/** Whether an endpoint has had all the failures that it may have, over the time that the stage says. */
export function isToBeDisabled(
  { status }: Endpoint,
  { failures, sinceMs }: FailureStreak,
  { allowed, disablesAfterMs }: FailureTerms,
  nowMs: number,
): boolean {
  if (status !== 'active' || disablesAfterMs === undefined) return false;
  return failures >= allowed && nowMs - sinceMs >= disablesAfterMs;
}

/** The endpoint with what a streak tells anew, and disabled if it is to be; the very same where there is nothing new. */
export function afterStreak(
  endpoint: Endpoint,
  streak: FailureStreak,
  terms: FailureTerms,
  nowMs: number,
): Endpoint {
  const added = newAlerts(endpoint, streak, terms, nowMs);
  const disables = isToBeDisabled(endpoint, streak, terms, nowMs);
  if (added.length === 0 && !disables) return endpoint;
  const alerts = [...added, ...(endpoint.alerts ?? [])].slice(0, mostAlerts);
  const failing: Endpoint = { ...endpoint, alerts, hints: { ...endpoint.hints, failing: true } };
  if (!disables) return failing;
  const updatedAt = new Date(nowMs).toISOString();
  return { ...failing, status: 'disabled', disabledReason: 'failing', updatedAt };
}
