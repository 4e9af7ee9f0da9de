import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { rfc3339 } from '../app/api/rfc3339.ts';
import { InvalidCursor } from '../app/ports/documents.ts';
import type { EventLists, ListedEntry, PlacedEntry } from '../app/ports/event-lists.ts';
import type { EventReader } from '../app/ports/events.ts';
import { chunks } from '../core/chunks.ts';
import { noOrg } from '../core/journal.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Item, getAll, mostAtOnce } from './dynamodb-batch.ts';
import { type Listing, hourOf, isRepeatedBy, isWhole, timeOfListing } from './event-listing.ts';
import { listsOf, walkDown } from './event-list-walk.ts';
import { fanOutKey } from './fan-out-items.ts';
import { createFanOutStanding } from './fan-out-standing.ts';
import { type StoredEntry, entriesOf } from './journal-items.ts';
import { type Parts, searchJournal } from './journal-search.ts';

/** Items in one answer of the table. They have at most 400 KB each, and several times as much when they are unpacked. */
const itemsAtOnce = 25;
/** What one call reads at most. 31 days of hours without events are one call. */
const mostItems = 200;
const mostHours = 31 * 24;
/** Events of one item, or of one record. */
const mostEvents = 1024;

/** Where in a list to read on: an item, and how many of its events are behind. */
interface Position {
  readonly listedAt: string;
  readonly behind: number;
}

/** Lists of the journal's events. The items that hold them are indexed by org and hour, and by hour alone. */
export function createEventLists(
  client: DynamoDBClient,
  table: string,
  events: Pick<EventReader, 'journalled'>,
): EventLists {
  return {
    async list({ orgId, sinceMs, untilMs, limit, cursor }) {
      // Sorts above everything of the hour.
      const top: Position = { listedAt: `${hourOf(untilMs - 1)}~`, behind: 0 };
      const given = cursor === undefined ? top : readCursor(cursor);
      const from = given.listedAt < top.listedAt ? given : top;
      const isAsked = ({ timeMs }: { readonly timeMs: number }) => {
        const time = rfc3339(timeMs);
        return time >= rfc3339(sinceMs) && time < rfc3339(untilMs);
      };
      const found: PlacedEntry[] = [];
      const pageTo = (nextCursor?: string) => ({
        entries: found,
        ...(nextCursor !== undefined && { nextCursor }),
      });
      let [items, hours] = [0, 0];
      for await (const stretch of walkDown(client, table, listsOf(orgId), from.listedAt, sinceMs)) {
        for (const some of chunks(stretch.listings, itemsAtOnce)) {
          for (const { listedAt, entries } of await read(some, stretch.neighbours, orgId, isAsked)) {
            for (const [at, entry] of entries.entries()) {
              const isBehind = listedAt === from.listedAt && at < from.behind;
              if (isBehind || entry === undefined || !isAsked(entry)) continue;
              if (found.length === limit) return pageTo(found.at(-1)!.cursor);
              found.push({ entry, cursor: cursorAt({ listedAt, behind: at + 1 }) });
            }
          }
          items += some.length;
          if (items >= mostItems)
            return pageTo(cursorAt({ listedAt: some.at(-1)!.listedAt, behind: mostEvents }));
        }
        hours += stretch.hours;
        if (hours >= mostHours) return pageTo(cursorAt({ listedAt: stretch.end, behind: mostEvents }));
      }
      return pageTo();
    },

    async ofRecord(place) {
      const isOfRecord = ({ address: { offset } }: StoredEntry) => offset === place.offset;
      const byId = await searchJournal(client, table, { ...place, index: 0 }, mostEvents - 1, isOfRecord);
      const entries = [...byId.values()].flatMap((parts) => listedWhole(parts) ?? []);
      return entries.sort((one, other) => one.address.index - other.address.index);
    },

    async byId(id) {
      return listedWhole(await partsOf(id));
    },

    fanOuts: createFanOutStanding(client, table),
  };

  /**
   * What items list for an org, in their order. Places of events that are not to be listed stay empty, so that positions
   * within an item hold whatever is around it.
   */
  async function read(
    listings: readonly Listing[],
    neighbours: readonly Listing[],
    orgId: string | undefined,
    isAsked: (event: { readonly timeMs: number }) => boolean,
  ): Promise<{ listedAt: string; entries: (ListedEntry | undefined)[] }[]> {
    const repeats = (listing: Listing) => neighbours.filter((other) => isRepeatedBy(listing, other));
    const needed = new Map<string, Item>();
    for (const listing of listings.flatMap((one) => [one, ...repeats(one)])) {
      if (listing.covers) needed.set(nameOf(listing.key), listing.key);
    }
    const items = new Map<string, StoredEntry[]>();
    for (const keys of chunks([...needed.values()], itemsAtOnce)) {
      for (const item of await getAll(client, table, keys)) {
        items.set(nameOf(item), entriesOf(item).map(withoutBody));
      }
    }
    return mapAtOnce(listings, mostAtOnce, async (listing) => {
      const { listedAt } = listing;
      if (!listing.covers) {
        const isWanted = isAsked({ timeMs: timeOfListing(listing) });
        return { listedAt, entries: [isWanted ? await markedEvent(listing) : undefined] };
      }
      const elsewhere = new Set(
        repeats(listing).flatMap(({ key }) =>
          listable(items.get(nameOf(key)) ?? [], orgId).map(({ id }) => id),
        ),
      );
      // Gone since the index was read: replaced, or its time to live is over.
      const entries = items.get(nameOf(listing.key)) ?? [];
      const isListed = new Set(listable(entries, orgId));
      return {
        listedAt,
        entries: [...entries]
          .sort(newestFirst)
          .map((entry) => (isListed.has(entry) && !elsewhere.has(entry.id) ? listed(entry) : undefined)),
      };
    });
  }

  /** An event that a fan-out marks for an org. One to the endpoints of an owner is in the owner's journal already. */
  async function markedEvent({ key }: Listing): Promise<ListedEntry | undefined> {
    const entry = listedWhole(await partsOf(key['pk']!.S!.slice(fanOutKey('').length)));
    return entry && 'target' in entry && entry.target.type === 'broadcast' ? entry : undefined;
  }

  async function partsOf(id: string): Promise<Parts> {
    return new Map((await events.journalled(id)).map(({ orgId, entry }) => [orgId, entry]));
  }
}

/** Entries that a list has: for an org its parts of events, for operators each event once. */
function listable(entries: readonly StoredEntry[], orgId: string | undefined): readonly StoredEntry[] {
  return orgId === undefined ? entries.filter(isWhole) : entries;
}

/** Bodies are not listed, and are most of what there is. That there is one remains to be seen. */
function withoutBody(entry: StoredEntry): StoredEntry {
  return 'skippedBy' in entry || entry.data === undefined ? entry : { ...entry, data: '', headers: {} };
}

function newestFirst(one: StoredEntry, other: StoredEntry): number {
  const [first, second] = [one.address, other.address];
  return other.timeMs - one.timeMs || second.offset - first.offset || second.index - first.index;
}

/** An event of all its parts. */
function listedWhole(parts: Parts): ListedEntry | undefined {
  const entry = parts.get(noOrg) ?? [...parts.values()][0];
  if (!entry || 'skippedBy' in entry) return entry;
  const deliveries = [...parts.values()].flatMap((part) => ('skippedBy' in part ? [] : part.deliveries));
  return listed({ ...entry, deliveries, elsewhere: [] });
}

function listed(entry: StoredEntry): ListedEntry {
  if ('skippedBy' in entry) return entry;
  const { id, givenId, timeMs, address, eventType, target } = entry;
  const { idempotencyKey, duplicateOf, transformVersion, fanOut } = entry;
  const deliveries = [...(entry.elsewhere ?? []), ...entry.deliveries];
  return {
    id,
    ...(givenId !== undefined && { givenId }),
    timeMs,
    address,
    eventType,
    target,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(duplicateOf !== undefined && { duplicateOf }),
    ...(transformVersion !== undefined && { transformVersion }),
    ...(fanOut !== undefined && { fanOut }),
    deliveries: deliveries.map(({ endpointId, orgId, state }) => ({ endpointId, orgId, state })),
  };
}

function nameOf({ pk, sk }: Item): string {
  return `${pk!.S} ${sk!.S}`;
}

function cursorAt({ listedAt, behind }: Position): string {
  return encodeCursor({ listed_at: { S: listedAt }, behind: { S: String(behind) } });
}

/** The beginning of an hour, or an item's place in it. */
const placePattern = /^\d{4}-\d\d-\d\dT\d\d(?::\d\d:\d\d\.\d{3}Z#[\w.-]{1,250})?$/;
const behindPattern = /^\d{1,4}$/;

/** @throws InvalidCursor for what no answer can have held; any place there can be is right in every list */
function readCursor(cursor: string): Position {
  const key = decodeCursor(cursor, { listed_at: { S: '' }, behind: { S: '' } });
  const [listedAt, behind] = [key['listed_at']!.S!, key['behind']!.S!];
  const [time] = listedAt.split('#') as [string];
  const timeMs = Date.parse(time === listedAt ? `${time}:00:00.000Z` : time);
  const isPlace = placePattern.test(listedAt) && !Number.isNaN(timeMs) && rfc3339(timeMs).startsWith(time);
  const isCount = behindPattern.test(behind) && Number(behind) <= mostEvents;
  if (!isPlace || !isCount) throw new InvalidCursor();
  return { listedAt, behind: Number(behind) };
}
