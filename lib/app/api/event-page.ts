import type { Delivery } from '../../core/delivery.ts';
import type {
  EventListPage,
  EventListRequest,
  EventLists,
  ListedEntry,
  PlacedEntry,
} from '../ports/event-lists.ts';
import type { DeliveryStore, EventReader } from '../ports/events.ts';
import { type EventState, countBy, newerOf, stateOf } from './event-state.ts';

export interface EventPageDependencies {
  readonly lists: EventLists;
  readonly events: Pick<EventReader, 'concerns'>;
  readonly deliveries: Pick<DeliveryStore, 'read'>;
  readonly now: () => number;
}

/** A listed entry, and how it stands now. */
export interface StandingEntry {
  readonly entry: ListedEntry;
  readonly state: EventState;
  /** How many deliveries there are in each state. */
  readonly states: Readonly<Record<string, number>>;
}

export interface EventFilters {
  readonly matches?: (entry: ListedEntry) => boolean;
  readonly state?: EventState;
}

/** Entries that are read at a time where a filter may leave few of them. */
const filteredAtOnce = 250;
/** Entries whose deliveries are looked up together. */
const standingAtOnce = 50;
/** An event that is fanned out counts as this many: it may have thousands of deliveries. */
const fanOutWeight = 10;
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
    for (const [number, some] of portions(candidates).entries()) {
      if (number > 0 && now() - startedMs >= mostWorkMs) return { entries, nextCursor: cursor };
      const standing = await standingOf(
        dependencies,
        some.map(({ entry }) => entry),
        request.orgId,
      );
      for (const [at, one] of standing.entries()) {
        const isAsked = !state || one.state === state;
        if (isAsked && entries.length === request.limit) return { entries, nextCursor: cursor };
        if (isAsked) entries.push(one);
        cursor = some[at]!.cursor;
      }
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined && entries.length < request.limit && now() - startedMs < mostWorkMs);
  return { entries, ...(cursor !== undefined && { nextCursor: cursor }) };
}

/** Entries that are looked up together, few of which are fanned out. */
function portions(entries: readonly PlacedEntry[]): PlacedEntry[][] {
  const all: PlacedEntry[][] = [];
  let weight = standingAtOnce;
  for (const one of entries) {
    const own = 'fanOut' in one.entry ? fanOutWeight : 1;
    weight += own;
    if (weight <= standingAtOnce) all.at(-1)!.push(one);
    else [weight] = [own, all.push([one])];
  }
  return all;
}

/**
 * How events stand now: where a delivery has a row, that says how it went on, or was replayed. For those that are fanned
 * out the list counts.
 * @param orgId whose deliveries; absent for all
 */
export async function standingOf(
  { lists, deliveries }: Pick<EventPageDependencies, 'lists' | 'deliveries'>,
  entries: readonly ListedEntry[],
  orgId?: string,
): Promise<StandingEntry[]> {
  const keys = entries.flatMap((entry) =>
    'skippedBy' in entry ? [] : entry.deliveries.map(({ endpointId }) => ({ eventId: entry.id, endpointId })),
  );
  const fannedOut = entries.flatMap((entry) => ('skippedBy' in entry || !entry.fanOut ? [] : [entry]));
  const [read, standing] = await Promise.all([
    deliveries.read(keys),
    fannedOut.length > 0 ? lists.fanOuts(fannedOut, orgId) : [],
  ]);
  const rows = new Map(read.map((row) => [nameOf(row.eventId, row), row]));
  const fanOuts = new Map(fannedOut.map(({ id }, at) => [id, standing[at]!]));
  return entries.map((entry) => {
    if ('skippedBy' in entry) return { entry, state: 'skipped', states: {} };
    const { states, ...fanOut } = fanOuts.get(entry.id) ?? {
      states: countBy(
        entry.deliveries.map((first) => newerOf(first, rows.get(nameOf(entry.id, first))).state),
      ),
    };
    const known = { ...entry, ...fanOut };
    return { entry: known, state: stateOf(known, Object.keys(states)), states };
  });
}

/** With the org: the id of an endpoint may be another org's by now. */
function nameOf(eventId: string, { orgId, endpointId }: Pick<Delivery, 'orgId' | 'endpointId'>): string {
  return `${eventId} ${orgId} ${endpointId}`;
}
