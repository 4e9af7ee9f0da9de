import { type Delivery, deliveryId } from '../../core/delivery.ts';
import type { FirstDelivery, JournalEvent, SkippedRecord } from '../../core/journal.ts';
import { RawJson } from '../../core/raw-json.ts';
import type { Org } from '../../core/org.ts';
import type { Documents } from '../ports/documents.ts';
import type { EventReader } from '../ports/events.ts';
import {
  type KnownSource,
  countBy,
  newerOf,
  presentIds,
  presentSource,
  presentTarget,
  stateOf,
} from './event-state.ts';
import { withOwnHolders } from './duplicate-holders.ts';
import { fittingDeliveries } from './fitting-deliveries.ts';
import { maskedHeaders } from './mask.ts';
import { type NamedEventDependencies, maySee, namedEvent } from './named-event.ts';
import type { Operations } from './operation.ts';
import { presentAttempt, presentNext } from './present-delivery.ts';
import { rfc3339 } from './rfc3339.ts';
import { whyNobody } from './why-nobody.ts';

export interface TraceDependencies extends NamedEventDependencies {
  readonly events: EventReader;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly sources: readonly KnownSource[];
}

/** The trace of an event: what came, what was decided for each endpoint and why, and every attempt. */
export function traceOperations(dependencies: TraceDependencies): Operations {
  const { events, orgs, sources } = dependencies;
  return {
    'GET /v1/events/{event}': {
      roles: ['publisher', 'tenant'],
      async run({ path, query, caller }) {
        const only = caller.role === 'operator' ? undefined : caller.orgId;
        const { id, found } = await namedEvent(dependencies, path['event']!, caller, query);
        const known = caller.role === 'operator' ? sources : undefined;
        const [first] = found as [(typeof found)[number]];
        if ('skippedBy' in first.entry) return { status: 200, body: presentSkipped(first.entry, sources) };
        const rows = new Map(
          (await events.deliveriesOf(id))
            .filter(({ orgId }) => maySee(caller, orgId))
            .map((row) => [nameOf(row), row]),
        );
        const parts = found.flatMap(({ entry }) => ('skippedBy' in entry ? [] : [entry]));
        const [event] = only === undefined ? parts : await withOwnHolders(events, only, parts);
        const body = present(parts, rows, event?.duplicateOf, known);
        const concernsNobody = body.state === 'no_match' && body.not_delivered.length === 0;
        const reason = concernsNobody && { reason: await reasonOf(parts[0]!) };
        return { status: 200, body: { ...body, ...reason } };
      },
    },
  };

  /** That an endpoint is there, but another org's, is no business of whoever names it. */
  async function reasonOf({ target }: JournalEvent) {
    return target.type === 'single' ? 'unknown_endpoint' : whyNobody(orgs, target);
  }
}

function nameOf({ orgId, endpointId }: { readonly orgId?: string; readonly endpointId: string }): string {
  return `${orgId} ${endpointId}`;
}

function present(
  parts: readonly JournalEvent[],
  rows: ReadonlyMap<string, Delivery>,
  duplicateOf: string | undefined,
  sources: readonly KnownSource[] | undefined,
) {
  const [event] = parts as [JournalEvent];
  const firsts = parts.flatMap((part) => part.deliveries);
  const known = new Set(firsts.map(nameOf));
  // Replays may have made deliveries that the journal knows nothing of.
  const later = [...rows.values()].filter((row) => !known.has(nameOf(row)));
  const deliveries = [...firsts, ...later].map((first) =>
    presentDelivery(event.id, first, rows.get(nameOf(first))),
  );
  return {
    ...presentIds(event),
    event_type: event.eventType,
    time: rfc3339(event.timeMs),
    state: stateOf(
      event,
      deliveries.map(({ state }) => state),
    ),
    ...(duplicateOf && { duplicate_of: duplicateOf }),
    ...(event.idempotencyKey && { idempotency_key: event.idempotencyKey }),
    ...(sources && { source: presentSource(event, sources) }),
    ...(sources && event.transformVersion && { transform_version: event.transformVersion }),
    target: presentTarget(event),
    headers: maskedHeaders(event.headers),
    ...(event.droppedHeaders.length > 0 && { dropped_headers: event.droppedHeaders }),
    data: new RawJson(event.data),
    ...(event.fanOut && { fan_out: event.fanOut }),
    ...fittingDeliveries(deliveries),
    ...presentNotDelivered(parts, rows),
  };
}

/** Why-nots of one answer; of the others the numbers. */
const mostNotDelivered = 100;

function presentNotDelivered(parts: readonly JournalEvent[], rows: ReadonlyMap<string, Delivery>) {
  const all = parts.flatMap((part) => part.notDelivered).filter((one) => !rows.has(nameOf(one)));
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

function presentDelivery(eventId: string, first: FirstDelivery, row: Delivery | undefined) {
  const { state, attempts, ...newer } = newerOf<FirstDelivery & Partial<Delivery>>(first, row);
  return {
    id: deliveryId({ eventId, endpointId: first.endpointId }),
    endpoint_id: first.endpointId,
    state,
    ...(newer.failure && { failure: newer.failure }),
    ...(newer.replayId !== undefined && { replay_id: newer.replayId }),
    attempts: attempts.map(presentAttempt),
    ...(newer.attemptsLeftOut !== undefined && { attempts_left_out: newer.attemptsLeftOut }),
    ...presentNext({ ...newer, state }),
  };
}
