import type { CallPlace } from '../core/call-place.ts';
import type { EventIds } from '../core/event-id.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { Target } from '../core/record-event.ts';
import {
  type DeliverRoutedDependencies,
  type SendOnDependencies,
  deliverRouted,
  sendOn,
  withinBounds,
} from './deliver-routed.ts';
import type { EventLists } from './ports/event-lists.ts';
import { type PublishedEvents, mostPublishedDeliveries } from './ports/published-events.ts';
import { type AcceptedEvent, type RouteDependencies, routeEvent, routedAtOnce } from './route-events.ts';

export type PublishDependencies = Pick<RouteDependencies, 'endpoints' | 'filterOf'> &
  DeliverRoutedDependencies &
  SendOnDependencies & {
    readonly eventIds: EventIds;
    readonly published: PublishedEvents;
    readonly lists: Pick<EventLists, 'ofRecord'>;
  };

/** What a publisher says of an event. */
export interface NewEvent {
  readonly eventType: string;
  /** JSON text, exactly as it was sent. */
  readonly data: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** For this endpoint alone, if it is the org's. */
  readonly endpointId?: string;
  readonly givenId?: string;
  /** When it happened, milliseconds since 1970; without it, when its call was made. */
  readonly timeMs?: number;
}

/** A publish call that is to be made. */
export interface PublishCall {
  readonly place: CallPlace;
  /** When it was made first, milliseconds since 1970. */
  readonly startedMs: number;
  /** An earlier invocation may have left a part of its work. */
  readonly isContinued: boolean;
}

/** What became of an event. */
export interface PublishOutcome {
  /** What receivers see: the given id, or the one that it has here. */
  readonly id: string;
  /** Another event has its given id: nothing was published. */
  readonly duplicate: boolean;
}

/** Deliveries of one call, which its caller waits for: further ones are left to fan-out jobs. */
const mostDeliveries = 1_000;

/**
 * Takes events in that an org publishes, with their deliveries queued. A call that is continued has the same ids again,
 * and writes what is not there yet.
 * @returns what became of each, once they and their deliveries are durable
 * @throws when a store cannot be reached; any number of the events may be durable by then
 */
export async function publishEvents(
  dependencies: PublishDependencies,
  orgId: string,
  events: readonly NewEvent[],
  call: PublishCall,
): Promise<PublishOutcome[]> {
  const { published } = dependencies;
  const accepted = events.map((event, index) => accept(dependencies, orgId, event, call, index));
  const done = await writtenBefore(dependencies, call);
  const candidates = firstOfEachId(accepted).filter(({ id }) => !done.has(id));
  const holders = await published.holders(
    orgId,
    candidates.flatMap(({ event }) => event.givenId ?? []),
  );
  const fresh = candidates.filter(({ event }) => !holders.has(event.givenId ?? ''));
  const routed = await mapAtOnce(fresh, routedAtOnce, (event) => routeEvent(dependencies, event));
  const bounds = { ofEach: mostPublishedDeliveries, inAll: mostDeliveries };
  const delivered = await deliverRouted(dependencies, withinBounds(routed, bounds));

  const having = await published.write(
    orgId,
    delivered.map(({ event, unfinished }) => ({
      event,
      deliveries: unfinished,
    })),
  );
  const written = delivered.filter(({ event }, at) => having[at] === event.id);
  // From here on nothing can be lost.
  await sendOn(dependencies, written);

  for (const { event } of written) done.add(event.id);
  return accepted.map(({ id, event }) => ({ id: event.givenId ?? id, duplicate: !done.has(id) }));
}

function accept(
  { eventIds }: PublishDependencies,
  orgId: string,
  { eventType, data, headers, endpointId, givenId, timeMs }: NewEvent,
  { place, startedMs }: PublishCall,
  index: number,
): AcceptedEvent {
  const address = { ...place, index };
  const happenedMs = timeMs ?? startedMs;
  const target: Target =
    endpointId === undefined
      ? { type: 'fanout', ownerId: orgId }
      : { type: 'single', endpointId, ownerId: orgId };
  const given = givenId !== undefined && { givenId };
  return {
    id: eventIds.encode(happenedMs, address),
    timeMs: happenedMs,
    address,
    event: { eventType, data, headers, droppedHeaders: [], target, ...given },
  };
}

/** The ids of the events that an earlier invocation of the call has written; each was written whole. */
async function writtenBefore(
  { lists }: PublishDependencies,
  { place, isContinued }: PublishCall,
): Promise<Set<string>> {
  return new Set(isContinued ? (await lists.ofRecord(place)).map(({ id }) => id) : []);
}

/** Of several events with the same given id the first; all that have none. */
function firstOfEachId(accepted: readonly AcceptedEvent[]): AcceptedEvent[] {
  const seen = new Set<string>();
  return accepted.filter(({ event: { givenId } }) => {
    if (givenId === undefined) return true;
    const isFirst = !seen.has(givenId);
    seen.add(givenId);
    return isFirst;
  });
}
