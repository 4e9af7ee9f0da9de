import { judge } from '../core/attempt.ts';
import { type Delivery, afterAttempt, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { EventIds } from '../core/event-id.ts';
import type { JournalEvent } from '../core/journal.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { type RecordEvent, type SourceRecord, type Target, readRecordEvent } from '../core/record-event.ts';
import { RecordRejected } from '../core/rejection.ts';
import { defaultScheduleSeconds } from '../core/retry-schedule.ts';
import { type Routing, route } from '../core/routing.ts';
import type { FilterOf } from './endpoint-filters.ts';
import type { ClaimStore } from './ports/claims.ts';
import type { EndpointDisabler, EndpointReader } from './ports/endpoints.ts';
import type { IngestStore } from './ports/events.ts';
import type { EventBody, WakeUpQueue } from './ports/wake-ups.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import { wakeUpFor } from './wake-up-for.ts';

export interface IngestDependencies {
  readonly source: { readonly name: string; readonly number: number };
  /** Milliseconds that first attempts may take in one invocation. */
  readonly inlineBudgetMs: number;
  readonly eventIds: EventIds;
  readonly endpoints: EndpointReader & EndpointDisabler;
  readonly claims: ClaimStore;
  readonly filterOf: FilterOf;
  readonly sender: WebhookSender;
  readonly store: IngestStore;
  readonly wakeUps: WakeUpQueue;
  readonly now: () => number;
  readonly random: () => number;
}

/** How many records came to what; for the log line. */
export interface IngestCounts {
  readonly records: number;
  readonly delivered: number;
  readonly queued: number;
  readonly duplicates: number;
  readonly quarantined: number;
  /** The first of the events that no endpoint receives, so that the log leads to their traces. */
  readonly unmatched: readonly { readonly eventId: string; readonly reasons: readonly string[] }[];
  /** Why wake-ups could not be sent. Their deliveries wait for the sweep. */
  readonly wakeUpsUnsent?: unknown;
}

interface Accepted {
  readonly id: string;
  readonly record: SourceRecord;
  readonly event: RecordEvent;
}

interface Routed extends Accepted {
  readonly routing: Routing;
  /** The event that has this one's idempotency key, when that is another. */
  readonly duplicateOf?: string;
}

/** Events that are claimed and routed at once; each may cost a call of a store. */
const routedAtOnce = 32;
const toNobody: Routing = { endpoints: [], notDelivered: [], moreNotDelivered: {} };

/**
 * Turns a batch of records into events, delivers what can be delivered at once, and leaves the rest durably queued
 * or quarantined.
 * @returns when nothing of the batch can be lost any more
 * @throws when a store cannot be reached; the whole batch is then to come again, and keeps its ids
 */
export async function ingestRecords(
  dependencies: IngestDependencies,
  records: readonly SourceRecord[],
): Promise<IngestCounts> {
  const { accepted, quarantined } = readRecords(dependencies, records);
  // All of it before the first attempt: a batch that cannot be routed comes again, and should then send nothing twice.
  const duplicateOf = createDuplicates(dependencies);
  const routed = await mapAtOnce(accepted, routedAtOnce, async (event) =>
    routeEvent(dependencies, event, await duplicateOf(event)),
  );
  const deadlineMs = dependencies.now() + dependencies.inlineBudgetMs;
  const outcomes = await Promise.all(routed.map((event) => deliverFirst(dependencies, event, deadlineMs)));
  const unfinished = outcomes.flatMap(({ unfinished }) => unfinished);

  const events = outcomes.map(({ event }) => event);
  await dependencies.store.write({
    events,
    deliveries: unfinished.map(({ delivery }) => delivery),
    quarantined,
  });
  // From here on nothing can be lost: a delivery whose wake-up is not sent stays due, and the sweep sends another.
  const nowMs = dependencies.now();
  const wakeUps = unfinished.flatMap(({ delivery, body }) => wakeUpFor(delivery, nowMs, body) ?? []);
  const unsent = await dependencies.wakeUps.send(wakeUps).then(
    () => undefined,
    (error: unknown) => error,
  );

  const deliveries = events.reduce((sum, event) => sum + event.deliveries.length, 0);
  return {
    records: records.length,
    delivered: deliveries - unfinished.length,
    queued: unfinished.length,
    duplicates: routed.filter(({ duplicateOf }) => duplicateOf !== undefined).length,
    quarantined: quarantined.length,
    unmatched: events.filter(isUnmatched).slice(0, mostUnmatched).map(describeUnmatched),
    ...(unsent !== undefined && { wakeUpsUnsent: unsent }),
  };
}

/** In one log line. */
const mostUnmatched = 20;

function isUnmatched({ deliveries, duplicateOf }: JournalEvent): boolean {
  return deliveries.length === 0 && duplicateOf === undefined;
}

function describeUnmatched({ id, notDelivered }: JournalEvent) {
  const reasons = [...new Set(notDelivered.map(({ reason }) => reason))];
  return { eventId: id, reasons: reasons.length > 0 ? reasons : ['no_endpoints'] };
}

function readRecords({ source, eventIds, now }: IngestDependencies, records: readonly SourceRecord[]) {
  const accepted: Accepted[] = [];
  const quarantined: QuarantinedRecord[] = [];
  for (const record of records) {
    const { partition, offset, timestampMs } = record;
    const id = eventIds.encode(timestampMs, { source: source.number, partition, offset, index: 0 });
    try {
      accepted.push({ id, record, event: readRecordEvent(record) });
    } catch (error) {
      if (!(error instanceof RecordRejected)) throw error;
      const { reason, detail } = error;
      quarantined.push({
        id,
        source: source.name,
        record,
        rejection: { reason, detail },
        quarantinedAtMs: now(),
      });
    }
  }
  return { accepted, quarantined };
}

/**
 * Tells of each event of one batch whether another has its idempotency key. Of several in the batch the first claims
 * it, for all of them.
 */
function createDuplicates({ claims, source }: IngestDependencies) {
  const holders = new Map<string, Promise<string>>();
  return async ({ id, event: { idempotencyKey } }: Accepted): Promise<string | undefined> => {
    if (idempotencyKey === undefined) return undefined;
    const claiming = holders.get(idempotencyKey) ?? claims.claim(source.name, idempotencyKey, id);
    holders.set(idempotencyKey, claiming);
    const holder = await claiming;
    return holder === id ? undefined : holder;
  };
}

async function routeEvent(
  { endpoints, filterOf }: IngestDependencies,
  accepted: Accepted,
  duplicateOf: string | undefined,
): Promise<Routed> {
  if (duplicateOf !== undefined) return { ...accepted, routing: toNobody, duplicateOf };
  const { event } = accepted;
  return { ...accepted, routing: route(event, await candidates(endpoints, event.target), filterOf) };
}

interface Outcome {
  readonly event: JournalEvent;
  /** The deliveries that did not end inside this invocation. */
  readonly unfinished: readonly { delivery: Delivery; body: EventBody }[];
}

async function deliverFirst(
  dependencies: IngestDependencies,
  { id, record, event, routing, duplicateOf }: Routed,
  deadlineMs: number,
): Promise<Outcome> {
  const deliveries = await Promise.all(
    routing.endpoints.map((endpoint) => attemptFirst(dependencies, endpoint, id, event, deadlineMs)),
  );
  const { partition, offset, timestampMs } = record;
  return {
    event: {
      id,
      timeMs: timestampMs,
      address: { source: dependencies.source.number, partition, offset, index: 0 },
      eventType: event.eventType,
      data: event.data,
      headers: event.headers,
      droppedHeaders: event.droppedHeaders,
      target: event.target,
      ...(event.idempotencyKey && { idempotencyKey: event.idempotencyKey }),
      ...(duplicateOf && { duplicateOf }),
      deliveries: deliveries.map(({ endpointId, orgId, state, attempts }) => ({
        endpointId,
        orgId,
        state,
        attempts,
      })),
      notDelivered: routing.notDelivered,
      moreNotDelivered: routing.moreNotDelivered,
    },
    unfinished: deliveries
      .filter(({ state }) => state !== 'delivered')
      .map((delivery) => ({ delivery, body: event })),
  };
}

async function candidates(endpoints: EndpointReader, target: Target): Promise<readonly Endpoint[]> {
  if (target.type === 'broadcast') return endpoints.all();
  if (target.type === 'fanout') return endpoints.ofOrg(target.ownerId);
  const endpoint = await endpoints.byId(target.endpointId);
  return endpoint ? [endpoint] : [];
}

async function attemptFirst(
  { endpoints, sender, now, random }: IngestDependencies,
  endpoint: Endpoint,
  eventId: string,
  event: RecordEvent,
  deadlineMs: number,
): Promise<Delivery> {
  const { id: endpointId, orgId } = endpoint;
  const createdAtMs = now();
  const delivery: Delivery = {
    eventId,
    endpointId,
    orgId,
    state: 'queued',
    attempts: [],
    createdAtMs,
    nextAttemptAtMs: createdAtMs,
  };
  if (endpoint.status === 'paused') return hold(delivery, now());
  const attempt = await sender.attempt(endpoint, eventId, event, {
    beginByMs: deadlineMs,
    endByMs: deadlineMs,
  });
  if (attempt === undefined) return delivery;
  if (judge(attempt) === 'gone') await endpoints.disableGone(endpointId);
  return afterAttempt(delivery, attempt, endpoint.scheduleSeconds ?? defaultScheduleSeconds, now(), random());
}
