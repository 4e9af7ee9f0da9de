import type { Attempt } from '../../core/attempt.ts';
import type { Delivery } from '../../core/delivery.ts';
import { type FirstDelivery, type JournalEvent, noOrg } from '../../core/journal.ts';
import { RawJson } from '../../core/raw-json.ts';
import type { EventReader } from '../ports/events.ts';
import type { Caller, Operations } from './operation.ts';
import { notFound } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';

/** A source's name, its number in event ids, and its topic. */
export interface KnownSource {
  readonly name: string;
  readonly number: number;
  readonly topic: string;
}

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
        const rows = new Map(
          (await events.deliveriesOf(id)).map((row) => [`${row.orgId} ${row.endpointId}`, row]),
        );
        const parts = found.map(({ event }) => event);
        return { status: 200, body: present(parts, rows, caller.role === 'operator' ? sources : undefined) };
      },
    },
  };
}

function maySee({ role, orgId }: Caller, org: string): boolean {
  return role === 'operator' || (org !== noOrg && org === orgId);
}

function present(
  parts: readonly JournalEvent[],
  rows: ReadonlyMap<string, Delivery>,
  sources: readonly KnownSource[] | undefined,
) {
  const [event] = parts as [JournalEvent];
  const { source: number, partition, offset, index } = event.address;
  const source = sources?.find((known) => known.number === number);
  const deliveries = parts
    .flatMap((part) => part.deliveries)
    .map((first) => presentDelivery(first, rows.get(`${first.orgId} ${first.endpointId}`)));
  const more = Object.assign({}, ...parts.map((part) => part.moreNotDelivered)) as Record<string, number>;
  return {
    id: event.id,
    event_type: event.eventType,
    time: rfc3339(event.timeMs),
    state: event.duplicateOf ? 'duplicate' : stateOf(deliveries.map(({ state }) => state)),
    ...(event.duplicateOf && { duplicate_of: event.duplicateOf }),
    ...(event.idempotencyKey && { idempotency_key: event.idempotencyKey }),
    // Partitions and offsets tell how much runs through the whole deployment, which is not for tenants.
    ...(sources && {
      source: { name: source?.name ?? null, topic: source?.topic ?? null, partition, offset, index },
    }),
    target: presentTarget(event),
    headers: event.headers,
    ...(event.droppedHeaders.length > 0 && { dropped_headers: event.droppedHeaders }),
    data: new RawJson(event.data),
    deliveries,
    not_delivered: parts
      .flatMap((part) => part.notDelivered)
      .map(({ endpointId, reason }) => ({ endpoint_id: endpointId, reason })),
    ...(Object.keys(more).length > 0 && { more_not_delivered: more }),
  };
}

/** An event is as done as the delivery that is furthest behind. */
function stateOf(states: readonly string[]): string {
  if (states.length === 0) return 'no_match';
  return ['failed', 'held', 'queued'].find((state) => states.includes(state)) ?? 'delivered';
}

function presentTarget({ target }: JournalEvent) {
  if (target.type === 'broadcast') return { type: target.type };
  if (target.type === 'fanout') return { type: target.type, owner_id: target.ownerId };
  return {
    type: target.type,
    endpoint_id: target.endpointId,
    ...(target.ownerId && { owner_id: target.ownerId }),
  };
}

/** Where there is a row it knows more than the journal, but for a repeat of the record that delivered at once. */
function presentDelivery(first: FirstDelivery, row: Delivery | undefined) {
  const { state, attempts } = first.state === 'delivered' ? first : (row ?? first);
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
