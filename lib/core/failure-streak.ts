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
  { allowed, disablesAfterMs = 0 }: FailureTerms,
  nowMs: number,
): EndpointAlert[] {
  const isOver = nowMs - sinceMs >= disablesAfterMs;
  const since = new Date(sinceMs).toISOString();
  const told = alerts.filter((alert) => alert.since === since).map(({ percent }) => percent);
  return alertPercents
    .filter((percent) => failures * 100 >= allowed * percent && (percent < 100 || isOver))
    .filter((percent) => !told.includes(percent))
    .map((percent) => ({ at: new Date(nowMs).toISOString(), percent, consecutiveFailures: failures, since }))
    .reverse();
}

/** The endpoint with new alerts, and disabled when it has had all the failures that it may have. */
export function withAlerts(
  endpoint: Endpoint,
  added: readonly EndpointAlert[],
  { disablesAfterMs }: FailureTerms,
): Endpoint {
  const alerts = [...added, ...(endpoint.alerts ?? [])].slice(0, mostAlerts);
  const failing: Endpoint = { ...endpoint, alerts, hints: { ...endpoint.hints, failing: true } };
  const last = added.find(({ percent }) => percent === 100);
  if (disablesAfterMs === undefined || !last || endpoint.status !== 'active') return failing;
  return { ...failing, status: 'disabled', disabledReason: 'failing', updatedAt: last.at };
}
