import type { Delivery } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { matchesEventType } from '../core/event-types.ts';
import type { FirstDelivery } from '../core/journal.ts';
import { type Replay, type ReplayScope, whyNotNow, whyNotTargeted } from '../core/replay.ts';
import { newerOf } from './api/event-state.ts';
import type { FilterOf } from './endpoint-filters.ts';
import type { DeliveryLists } from './ports/delivery-lists.ts';
import type { EventLists, ListedDelivery, ListedEntry, ListedEvent } from './ports/event-lists.ts';
import type { EventReader } from './ports/events.ts';
import {
  type Replayable,
  type ReplayDeliveryDependencies,
  deliveryOfJournal,
  findReplayable,
  neverAttempted,
} from './replay-deliveries.ts';

export interface ReplayPageDependencies extends ReplayDeliveryDependencies {
  readonly lists: Pick<EventLists, 'list'>;
  readonly deliveryLists: DeliveryLists;
  readonly events: Pick<EventReader, 'find' | 'read'>;
  readonly filterOf: FilterOf;
}

/** What comes next in a replay. */
export interface ReplayPage {
  /** What is to be made once more; each is looked up when its turn comes, and may turn out to be nothing. */
  readonly candidates: readonly (() => Promise<Replayable | undefined>)[];
  readonly considered: number;
  /** Where the next page begins; absent at the end. */
  readonly nextCursor?: string;
  /** There is nothing to come back for. */
  readonly isOver?: true;
}

/** A page has about as much as goes out in 10 s, so that one that is cut short is soon come to again. */
const pageSeconds = 10;
const mostEvents = 250;
const mostHeld = 100;
/** Deliveries of a page, but for those of its last event. */
const mostAsked = 2_000;

type Releasing = Extract<ReplayScope, { kind: 'release' }>;
type Replaying = Extract<ReplayScope, { kind: 'replay' }>;

/** Held deliveries of an endpoint, those that were held first first. None while it is not active. */
export async function releasePage(
  { endpoints, deliveryLists }: ReplayPageDependencies,
  { orgId, rate, cursor }: Replay,
  { endpointId }: Releasing,
): Promise<ReplayPage> {
  const endpoint = await endpoints.byId(endpointId);
  // To one that is gone they fail visibly.
  if (endpoint?.orgId === orgId && endpoint.status !== 'active')
    return { candidates: [], considered: 0, isOver: true };
  const limit = Math.min(mostHeld, rate * pageSeconds);
  const page = await deliveryLists.list({ endpointId, state: 'held', limit, cursor, oldestFirst: true });
  const held = page.deliveries.filter(({ delivery }) => delivery.orgId === orgId);
  return {
    candidates: held.map(({ delivery }) => async () => ({ delivery, row: delivery })),
    considered: held.length,
    ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
  };
}

/** Events of the org, newest first, and which of their deliveries the replay is about. */
export async function replayPage(
  dependencies: ReplayPageDependencies,
  replay: Replay,
  scope: Replaying,
): Promise<ReplayPage> {
  const { lists, deliveries, endpoints } = dependencies;
  const { orgId, rate, cursor } = replay;
  const { sinceMs, untilMs, endpointId } = scope;
  const limit = Math.min(mostEvents, rate * pageSeconds);
  const page = await lists.list({ orgId, sinceMs, untilMs, limit, cursor });
  let { nextCursor } = page;
  const asked: AskedDelivery[] = [];
  let considered = 0;
  for (const { entry, cursor: behind } of page.entries) {
    if (!isAsked(entry, scope)) continue;
    asked.push(...deliveriesAsked(await fannedOut(dependencies, entry, orgId), endpointId));
    considered++;
    if (asked.length < mostAsked) continue;
    nextCursor = behind;
    break;
  }
  const keys = asked.map(({ event, endpointId: to }) => ({ eventId: event.id, endpointId: to }));
  const rows = new Map<string, Delivery>();
  for (const row of await deliveries.read(keys)) rows.set(`${row.eventId} ${row.endpointId}`, row);
  const known = new Map<string, Endpoint | undefined>();
  for (const id of new Set(asked.map((one) => one.endpointId))) known.set(id, await endpoints.byId(id));
  const candidates = asked.flatMap((one) => {
    const endpoint = known.get(one.endpointId);
    // An id that was given again may belong to another org by now.
    if (endpoint?.orgId !== orgId) return [];
    const row = rows.get(`${one.event.id} ${one.endpointId}`);
    return candidateOf(dependencies, replay, scope, { ...one, endpoint, row }) ?? [];
  });
  return { candidates, considered, ...(nextCursor !== undefined && { nextCursor }) };
}

function isAsked(entry: ListedEntry, { eventType }: Replaying): entry is ListedEvent {
  if ('skippedBy' in entry) return false;
  return eventType === undefined || matchesEventType([eventType], entry.eventType);
}

/** An event with what its fan-out job came to for the org, which lists do not tell. */
async function fannedOut(
  { events }: ReplayPageDependencies,
  event: ListedEvent,
  orgId: string,
): Promise<ListedEvent & { readonly deliveries: readonly (ListedDelivery | FirstDelivery)[] }> {
  if (!event.fanOut) return event;
  const [own] = await events.find(event.id, orgId);
  if (!own || 'skippedBy' in own.entry) return event;
  const { fanOut, deliveries } = own.entry;
  return { ...event, ...(fanOut && { fanOut }), deliveries };
}

interface AskedDelivery {
  readonly event: ListedEvent;
  readonly endpointId: string;
  /** What is told of it; absent where the event was not delivered to the endpoint when it was taken in. */
  readonly first?: ListedDelivery | FirstDelivery;
}

function deliveriesAsked(event: ListedEvent, endpointId: string | undefined): AskedDelivery[] {
  if (endpointId === undefined)
    return event.deliveries.map((first) => ({ event, endpointId: first.endpointId, first }));
  const first = event.deliveries.find((one) => one.endpointId === endpointId);
  return [{ event, endpointId, ...(first && { first }) }];
}

function candidateOf(
  dependencies: ReplayPageDependencies,
  { id, orgId }: Replay,
  { states }: Replaying,
  asked: AskedDelivery & { readonly endpoint: Endpoint; readonly row: Delivery | undefined },
): (() => Promise<Replayable | undefined>) | undefined {
  const { event, endpoint, first } = asked;
  const row = asked.row?.orgId === orgId ? asked.row : undefined;
  const standing = first ? newerOf(first, row) : row;
  if (standing === undefined) {
    if (!states.includes('never_attempted') || whyNotTargeted(event, endpoint) !== undefined)
      return undefined;
    return () => newDelivery(dependencies, event.id, endpoint);
  }
  // A page that comes again makes nothing twice.
  if (row?.replayId === id || !states.some((state) => state === standing.state)) return undefined;
  if (standing.state === 'held' && endpoint.status !== 'active') return undefined;
  if (row) return async () => ({ delivery: { ...row, state: standing.state }, row });
  if (first && 'attempts' in first) {
    const delivery = deliveryOfJournal(event.id, first, dependencies.now());
    return async () => ({ delivery });
  }
  return () => findReplayable(dependencies, { eventId: event.id, endpointId: endpoint.id });
}

/** A first delivery to an endpoint, if its filter lets the event through. */
async function newDelivery(
  { events, filterOf, now }: ReplayPageDependencies,
  eventId: string,
  endpoint: Endpoint,
): Promise<Replayable | undefined> {
  if (endpoint.filter !== undefined) {
    const event = await events.read(eventId);
    if (!event || whyNotNow(event, endpoint, filterOf) !== undefined) return undefined;
  }
  return { delivery: neverAttempted(eventId, endpoint, now()) };
}
