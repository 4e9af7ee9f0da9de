import type { Attempt } from '../../core/attempt.ts';
import type { Delivery } from '../../core/delivery.ts';
import { type FirstDelivery, type JournalEvent, type SkippedRecord, noOrg } from '../../core/journal.ts';
import { RawJson } from '../../core/raw-json.ts';
import type { EventReader } from '../ports/events.ts';
import { type KnownSource, countBy, newerOf, presentSource, presentTarget, stateOf } from './event-state.ts';
import type { Caller, Operations } from './operation.ts';
import { notFound } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';

export interface TraceDependencies {
  readonly events: EventReader;
  readonly sources: readonly KnownSource[];
}

/** The trace of an event: what came, what was decided for each endpoint and why, and every attempt. */
export function traceOperations({ events, sources }: TraceDependencies): Operations {
  return {
    'GET /v1/events/{event}': {
      roles: ['publisher', 'tenant'],
      async run({ path, caller }) {
        const id = path['event']!;
        const found = (await events.find(id)).filter(({ orgId }) => maySee(caller, orgId));
        if (found.length === 0) throw notFound('event', id);
        const known = caller.role === 'operator' ? sources : undefined;
        const [first] = found as [(typeof found)[number]];
        if ('skippedBy' in first.entry) return { status: 200, body: presentSkipped(first.entry, sources) };
        const rows = new Map(
          (await events.deliveriesOf(id)).map((row) => [`${row.orgId} ${row.endpointId}`, row]),
        );
        const parts = found.flatMap(({ entry }) => ('skippedBy' in entry ? [] : [entry]));
        return { status: 200, body: present(parts, rows, known) };
      },
    },
  };
}

function maySee({ role, orgId }: Caller, org: string): boolean {
  return role === 'operator' || (org !== noOrg && org === orgId);
}

/** Deliveries of one answer; of the others the numbers. A broadcast may have more than an answer holds. */
const mostDeliveries = 1000;

function present(
  parts: readonly JournalEvent[],
  rows: ReadonlyMap<string, Delivery>,
  sources: readonly KnownSource[] | undefined,
) {
  const [event] = parts as [JournalEvent];
  const deliveries = parts
    .flatMap((part) => part.deliveries)
    .map((first) => presentDelivery(first, rows.get(`${first.orgId} ${first.endpointId}`)));
  return {
    id: event.id,
    event_type: event.eventType,
    time: rfc3339(event.timeMs),
    state: stateOf(
      event,
      deliveries.map(({ state }) => state),
    ),
    ...(event.duplicateOf && { duplicate_of: event.duplicateOf }),
    ...(event.idempotencyKey && { idempotency_key: event.idempotencyKey }),
    ...(sources && { source: presentSource(event, sources) }),
    ...(sources && event.transformVersion && { transform_version: event.transformVersion }),
    target: presentTarget(event),
    headers: event.headers,
    ...(event.droppedHeaders.length > 0 && { dropped_headers: event.droppedHeaders }),
    data: new RawJson(event.data),
    ...(event.fanOut && { fan_out: event.fanOut }),
    deliveries: deliveries.slice(0, mostDeliveries),
    ...(deliveries.length > mostDeliveries && {
      more_deliveries: countBy(deliveries.slice(mostDeliveries).map(({ state }) => state)),
    }),
    ...presentNotDelivered(parts),
  };
}

/** Why-nots of one answer; of the others the numbers. */
const mostNotDelivered = 100;

function presentNotDelivered(parts: readonly JournalEvent[]) {
  const all = parts.flatMap((part) => part.notDelivered);
  const counts = countBy(all.slice(mostNotDelivered).map(({ reason }) => reason));
  for (const [reason, number] of parts.flatMap((part) => Object.entries(part.moreNotDelivered))) {
    counts[reason] = (counts[reason] ?? 0) + number;
  }
  return {
    not_delivered: all
      .slice(0, mostNotDelivered)
      .map(({ endpointId, reason }) => ({ endpoint_id: endpointId, reason })),
    ...(Object.keys(counts).length > 0 && { more_not_delivered: counts }),
  };
}

/** A record that the transform made no event of. */
function presentSkipped(skipped: SkippedRecord, sources: readonly KnownSource[]) {
  return {
    id: skipped.id,
    time: rfc3339(skipped.timeMs),
    state: 'skipped',
    source: presentSource(skipped, sources),
    transform_version: skipped.skippedBy.transformVersion,
  };
}

function presentDelivery(first: FirstDelivery, row: Delivery | undefined) {
  const { state, attempts } = newerOf(first, row);
  const ended = state === 'delivered' || state === 'failed';
  return {
    endpoint_id: first.endpointId,
    state,
    ...(row?.failure && { failure: row.failure }),
    attempts: attempts.map(presentAttempt),
    next_attempt_at:
      ended || row?.nextAttemptAtMs === undefined ? null : new Date(row.nextAttemptAtMs).toISOString(),
  };
}

function presentAttempt({ atMs, latencyMs, statusCode, error, excerpt, retryAfterSeconds }: Attempt) {
  return {
    at: new Date(atMs).toISOString(),
    latency_ms: latencyMs,
    ...(statusCode !== undefined && { status_code: statusCode }),
    ...(error && { error }),
    ...(excerpt && { excerpt }),
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
  };
}
