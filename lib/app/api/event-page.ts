import { chunks } from '../../core/chunks.ts';
import type { Delivery } from '../../core/delivery.ts';
import { mapAtOnce } from '../../core/map-at-once.ts';
import type { EventListPage, EventListRequest, EventLists, ListedEntry } from '../ports/event-lists.ts';
import type { DeliveryStore, EventReader } from '../ports/events.ts';
import { type EventState, newerOf, stateOf } from './event-state.ts';

export interface EventPageDependencies {
  readonly lists: EventLists;
  readonly events: Pick<EventReader, 'deliveriesOf'>;
  readonly deliveries: Pick<DeliveryStore, 'read'>;
  readonly now: () => number;
}

/** A listed entry, and how it stands now. */
export interface StandingEntry {
  readonly entry: ListedEntry;
  readonly state: EventState;
  /** Of each delivery. */
  readonly states: readonly string[];
}

export interface EventFilters {
  readonly matches?: (entry: ListedEntry) => boolean;
  readonly state?: EventState;
}

/** Entries that are read at a time where a filter may leave few of them. */
const filteredAtOnce = 250;
/** Entries whose deliveries are looked up together. */
const standingAtOnce = 50;
/** Rows of deliveries in one call of their store. */
const mostRows = 100;
const callsAtOnce = 8;
/** A page is answered after this long with what there is, and a cursor: the gateway waits 30 s. */
const mostWorkMs = 5_000;

/**
 * One page of a list with filters. Where few events match, it may have fewer than the limit and a cursor all the same.
 * @throws InvalidCursor
 */
export async function readEventPage(
  dependencies: EventPageDependencies,
  request: EventListRequest,
  { matches, state }: EventFilters,
): Promise<{ entries: StandingEntry[]; nextCursor?: string }> {
  const { lists, now } = dependencies;
  const startedMs = now();
  const entries: StandingEntry[] = [];
  let cursor = request.cursor;
  do {
    const limit = matches || state ? filteredAtOnce : request.limit - entries.length;
    const page: EventListPage = await lists.list({ ...request, limit, cursor });
    const candidates = matches ? page.entries.filter(({ entry }) => matches(entry)) : page.entries;
    for (const some of chunks(candidates, standingAtOnce)) {
      const standing = await standingOf(
        dependencies,
        some.map(({ entry }) => entry),
      );
      for (const [at, one] of standing.entries()) {
        if (state && one.state !== state) continue;
        if (entries.length === request.limit) return { entries, nextCursor: cursor };
        entries.push(one);
        cursor = some[at]!.cursor;
      }
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined && entries.length < request.limit && now() - startedMs < mostWorkMs);
  return { entries, ...(cursor !== undefined && { nextCursor: cursor }) };
}

/** How events stand now: what was no end in the journal, a delivery's row says how it went on. */
export async function standingOf(
  { events, deliveries }: Pick<EventPageDependencies, 'events' | 'deliveries'>,
  entries: readonly ListedEntry[],
): Promise<StandingEntry[]> {
  const open = entries.map((entry) => ({
    id: entry.id,
    keys: ('skippedBy' in entry ? [] : entry.deliveries)
      .filter(({ state }) => state !== 'delivered')
      .map(({ endpointId }) => ({ eventId: entry.id, endpointId })),
  }));
  const few = open.filter(({ keys }) => keys.length <= mostRows).flatMap(({ keys }) => keys);
  const many = open.filter(({ keys }) => keys.length > mostRows);
  const read = [
    ...(await mapAtOnce(chunks(few, mostRows), callsAtOnce, (keys) => deliveries.read(keys))),
    ...(await mapAtOnce(many, callsAtOnce, ({ id }) => events.deliveriesOf(id))),
  ];
  const rows = new Map(read.flat().map((row) => [nameOf(row.eventId, row), row]));
  return entries.map((entry) => {
    if ('skippedBy' in entry) return { entry, state: 'skipped', states: [] };
    const states = entry.deliveries.map((first) => newerOf(first, rows.get(nameOf(entry.id, first))).state);
    return { entry, state: stateOf(entry, states), states };
  });
}

/** With the org: the id of an endpoint may be another org's by now. */
function nameOf(eventId: string, { orgId, endpointId }: Pick<Delivery, 'orgId' | 'endpointId'>): string {
  return `${eventId} ${orgId} ${endpointId}`;
}
