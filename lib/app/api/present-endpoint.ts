import type { Endpoint } from '../../core/endpoint.ts';
import type { Counts, RecentCounts } from '../../core/endpoint-counts.ts';
import { defaultScheduleSeconds } from '../../core/retry-schedule.ts';

/**
 * An endpoint as the API shows it.
 * @param ofItsType the fields that only endpoints of its type have
 */
export function presentEndpoint(endpoint: Endpoint, ofItsType: object, nowMs: number) {
  return {
    id: endpoint.id,
    owner_id: endpoint.orgId,
    type: endpoint.type,
    description: endpoint.description,
    event_types: endpoint.eventTypes,
    ...(endpoint.filter && { filter: endpoint.filter }),
    status: endpoint.status,
    ...(endpoint.disabledReason && { disabled_reason: endpoint.disabledReason }),
    rate_limit: endpoint.rateLimit ?? null,
    ...presentHints(endpoint, nowMs),
    ...presentAlerts(endpoint),
    retry: { schedule_seconds: endpoint.scheduleSeconds ?? defaultScheduleSeconds },
    ...ofItsType,
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}

/** What attempts have found out; left out while that is nothing. */
function presentHints({ hints }: Endpoint, nowMs: number) {
  const brokenUntil = hints?.brokenUntil;
  const isBroken = brokenUntil !== undefined && Date.parse(brokenUntil) > nowMs;
  return {
    ...(hints?.slow && { slow: true }),
    ...(isBroken && { circuit_open_until: brokenUntil }),
  };
}

/** That its attempts kept failing, the newest first; left out where they did not. */
function presentAlerts({ alerts = [] }: Endpoint) {
  if (alerts.length === 0) return undefined;
  return {
    alerts: alerts.map(({ at, percent, consecutiveFailures }) => ({
      at,
      percent,
      consecutive_failures: consecutiveFailures,
    })),
  };
}

/** An endpoint's attempts in the last hour and day, and the deliveries that they ended. */
export function presentCounts({ lastHour, lastDay }: RecentCounts) {
  return { last_hour: presentCount(lastHour), last_day: presentCount(lastDay) };
}

function presentCount({ attempts, failedAttempts, delivered, failed }: Counts) {
  return { attempts, failed_attempts: failedAttempts, delivered, failed };
}
