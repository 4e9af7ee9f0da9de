import type { Org } from '../../core/org.ts';
import { publishedSource } from '../../core/event-id.ts';
import { matchesEventType } from '../../core/event-types.ts';
import { publishedName } from '../../core/source.ts';
import type { ClaimStore } from '../ports/claims.ts';
import { type Documents, InvalidCursor } from '../ports/documents.ts';
import type { ListedEntry } from '../ports/event-lists.ts';
import type { EventReader } from '../ports/events.ts';
import type { PublishedEvents } from '../ports/published-events.ts';
import { withOwnHolders } from './duplicate-holders.ts';
import {
  type EventFilters,
  type EventPageDependencies,
  type StandingEntry,
  readEventPage,
  standingOf,
} from './event-page.ts';
import { type EventQuery, type OrgEventQuery, operatorQuery, readOrgQuery, timesOf } from './event-query.ts';
import { type KnownSource, presentIds, presentSource, presentTarget } from './event-state.ts';
import { knownCursor } from './listing.ts';
import { findNamed } from './named-event.ts';
import { type Operations, checkInput } from './operation.ts';
import { notFound } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';

export interface EventDependencies extends EventPageDependencies {
  readonly claims: Pick<ClaimStore, 'holder'>;
  readonly events: Pick<EventReader, 'concerns' | 'find'>;
  readonly published: Pick<PublishedEvents, 'named'>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly sources: readonly KnownSource[];
  /** How long events are kept. */
  readonly retentionDays: number;
}

type EventPage = Awaited<ReturnType<typeof readEventPage>>;

/** Lists of events in short form, newest first. Data, headers and attempts are in an event's trace. */
export function eventOperations(dependencies: EventDependencies): Operations {
  const { events, orgs, sources, retentionDays, now } = dependencies;
  const allQuery = operatorQuery(sources);

  return {
    'GET /v1/orgs/{org}/events': {
      roles: ['publisher', 'tenant'],
      async run({ path, query, caller }) {
        const orgId = path['org']!;
        const asked = readOrgQuery(query);
        const { limit, cursor } = asked;
        const request = { orgId, ...timesOf(asked, now(), retentionDays), limit, cursor };
        const page =
          asked.id === undefined
            ? await knownCursor(readEventPage(dependencies, request, filtersOf(asked)))
            : await findById(orgId, asked.id, asked);
        if (page.entries.length === 0 && !(await orgs.get(orgId))) throw notFound('org', orgId);
        if (caller.role === 'operator') return answer(page, sources);
        const entries = page.entries.map(({ entry }) => entry);
        const own = await withOwnHolders(events, orgId, entries);
        return answer({ ...page, entries: page.entries.map((one, at) => ({ ...one, entry: own[at]! })) });
      },
    },

    'GET /v1/events': {
      roles: [],
      async run({ query }) {
        const asked = checkInput(allQuery, query);
        return answer(await knownCursor(find(asked)), sources);
      },
    },
  };

  /** What an org sees of one event, at whatever time. */
  async function findById(orgId: string, name: string, asked: OrgEventQuery): Promise<EventPage> {
    const [part] = (await findNamed(dependencies, name, orgId, orgId))?.found ?? [];
    return { entries: part ? await askedOf([part.entry], asked, orgId) : [] };
  }

  /** Those of a few entries that are asked for. */
  async function askedOf(
    entries: readonly ListedEntry[],
    asked: Pick<EventQuery, 'since' | 'until' | 'event_type' | 'state'>,
    orgId?: string,
  ): Promise<StandingEntry[]> {
    const { since = -Infinity, until = Infinity, state } = asked;
    const { matches = () => true } = filtersOf(asked);
    const matching = entries.filter(
      (entry) => entry.timeMs >= since && entry.timeMs < until && matches(entry),
    );
    const standing = await standingOf(dependencies, matching, orgId);
    return standing.filter((entry) => state === undefined || entry.state === state);
  }

  function find(asked: EventQuery): Promise<EventPage> {
    const { source, topic, partition } = asked;
    if (asked.idempotency_key !== undefined || asked.offset !== undefined) return findRecord(asked);
    const numbers = numbersOf(asked);
    const isPlaced = source !== undefined || topic !== undefined || partition !== undefined;
    const isThere = ({ address }: ListedEntry) =>
      numbers.includes(address.source) && (partition === undefined || partition === address.partition);
    const { limit, cursor } = asked;
    const request = { ...timesOf(asked, now(), retentionDays), limit, cursor };
    return readEventPage(dependencies, request, filtersOf(asked, isPlaced ? isThere : undefined));
  }

  /** What is of one record, at whatever time. */
  async function findRecord(asked: EventQuery): Promise<EventPage> {
    const { limit } = asked;
    const behind = readCount(asked.cursor);
    const found = await askedOf(await entriesOfRecord(asked), asked);
    const isMore = found.length > behind + limit;
    return {
      entries: found.slice(behind, behind + limit),
      ...(isMore && { nextCursor: String(behind + limit) }),
    };
  }

  async function entriesOfRecord(asked: EventQuery): Promise<ListedEntry[]> {
    const { lists, claims } = dependencies;
    const { source, partition, offset, idempotency_key: key } = asked;
    const numbers = numbersOf(asked);
    if (key !== undefined) {
      const id = await claims.holder(source!, key);
      const entry = id === undefined ? undefined : await lists.byId(id);
      const isThere = ({ address }: ListedEntry) =>
        numbers.includes(address.source) && (partition === undefined || partition === address.partition);
      return entry && isThere(entry) ? [entry] : [];
    }
    const found = await Promise.all(
      numbers.map((number) => lists.ofRecord({ source: number, partition: partition!, offset: offset! })),
    );
    return found.flat();
  }

  function numbersOf({ source, topic }: EventQuery): number[] {
    const published = { name: publishedName, number: publishedSource, topic: undefined };
    return [...sources, published]
      .filter(({ name }) => source === undefined || name === source)
      .filter((known) => topic === undefined || known.topic === topic)
      .map(({ number }) => number);
  }
}

function filtersOf(
  { event_type: eventType, state }: Pick<OrgEventQuery | EventQuery, 'event_type' | 'state'>,
  isThere?: (entry: ListedEntry) => boolean,
): EventFilters {
  const isOfType = (entry: ListedEntry) =>
    eventType === undefined ||
    ('eventType' in entry ? matchesEventType([eventType], entry.eventType) : eventType === '*');
  const filters = [...(isThere ? [isThere] : []), ...(eventType !== undefined ? [isOfType] : [])];
  return {
    ...(filters.length > 0 && { matches: (entry) => filters.every((filter) => filter(entry)) }),
    ...(state !== undefined && { state: state as EventFilters['state'] }),
  };
}

/** The cursor among the events of one record: how many are behind. */
function readCount(cursor = '0'): number {
  if (!/^\d{1,4}$/.test(cursor)) throw new InvalidCursor();
  return Number(cursor);
}

function answer({ entries, nextCursor }: EventPage, sources?: readonly KnownSource[]) {
  const data = entries.map((entry) => present(entry, sources));
  return { status: 200, body: { data, next_cursor: nextCursor ?? null } };
}

/** @param sources for operators only */
function present({ entry, state, states }: StandingEntry, sources: readonly KnownSource[] | undefined) {
  const time = rfc3339(entry.timeMs);
  const source = sources && { source: presentSource(entry, sources) };
  if ('skippedBy' in entry) {
    const { transformVersion } = entry.skippedBy;
    return { id: entry.id, time, state, ...source, transform_version: transformVersion };
  }
  return {
    ...presentIds(entry),
    event_type: entry.eventType,
    time,
    state,
    ...(entry.duplicateOf && { duplicate_of: entry.duplicateOf }),
    ...(entry.idempotencyKey && { idempotency_key: entry.idempotencyKey }),
    ...source,
    ...(sources && entry.transformVersion && { transform_version: entry.transformVersion }),
    target: presentTarget(entry),
    ...(entry.fanOut && { fan_out: entry.fanOut }),
    deliveries: states,
  };
}
