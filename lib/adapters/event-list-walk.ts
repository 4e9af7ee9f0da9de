import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { rfc3339 } from '../app/api/rfc3339.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { type Listing, eventList, hourOf, hourShard, hourShards, listingOf } from './event-listing.ts';

const hourMs = 3_600_000;
/** Hours that are looked at together once those before them were empty. */
const hoursAtOnce = 24;
/** Fewer than a client has connections, as a query without one times out while it waits. */
const queriesAtOnce = 40;
/** Index entries of one answer: about 100 KB of them. */
const pageKeys = 400;
/**
 * Index entries on both sides of an item among which its repeats are looked for. A repeat of a batch is near it: between
 * the two are only items of the same list whose newest event is of the milliseconds or seconds between theirs.
 */
const nearby = 150;

/** A part of a list, newest first. */
export interface Stretch {
  readonly listings: readonly Listing[];
  /** These and those around them. */
  readonly neighbours: readonly Listing[];
  /** Everything that sorts at or above it has been walked by. */
  readonly end: string;
  /** Hours that were looked into. */
  readonly hours: number;
}

/** One partition key of an index, for each hour. */
export type ListOfHour = (hour: string) => { index: string; attribute: string; value: string };

/** The lists that an org's events are in, or everybody's. */
export function listsOf(orgId: string | undefined): ListOfHour[] {
  if (orgId !== undefined) {
    return [(hour) => ({ index: 'listing', attribute: 'listing', value: eventList(orgId, hour) })];
  }
  return Array.from({ length: hourShards }, (_, shard) => (hour: string) => {
    return { index: 'overview', attribute: 'overview', value: hourShard(hour, shard) };
  });
}

/**
 * Walks down lists from a place in them, hour by hour, and faster while there is nothing.
 * @param from the highest place: a `listedAt`, or the beginning of one
 * @param sinceMs nothing below this time is asked for
 */
export async function* walkDown(
  client: DynamoDBClient,
  table: string,
  lists: readonly ListOfHour[],
  from: string,
  sinceMs: number,
): AsyncIterable<Stretch> {
  const since = rfc3339(sinceMs);
  const firstHour = hourOf(sinceMs);
  const windowsAtOnce = Math.max(Math.floor(queriesAtOnce / lists.length), 1);
  let hours = [from.slice(0, firstHour.length)];
  let top = from;
  while (hours.length > 0) {
    const found = await mapAtOnce(hours, windowsAtOnce, (hour) => window(hour, top));
    for (const [at, hour] of hours.entries()) {
      let stretch = found[at]!;
      yield { ...stretch, hours: 1 };
      while (stretch.end !== hour) {
        stretch = await window(hour, stretch.end, true);
        yield { ...stretch, hours: 0 };
      }
    }
    const isEmpty = found.every(({ listings }) => listings.length === 0);
    hours = hoursBelow(hours.at(-1)!, firstHour, isEmpty ? hoursAtOnce : 1);
    // Sorts above everything that begins with an hour.
    top = '~';
  }

  /** What an hour has at and below a place, or just below it, as far as a few answers tell. */
  async function window(hour: string, place: string, isBelow = false): Promise<Omit<Stretch, 'hours'>> {
    const asking = lists.map(async (list) => {
      const [down, up] = await Promise.all([
        query(list(hour), since, place, pageKeys, false),
        // Above the place only the repeats of what is below it are of interest. Only one hour has a place in it.
        place.startsWith(`${hour}:`) ? query(list(hour), place, `${hour}~`, nearby, true) : [],
      ]);
      return { down, up };
    });
    const answers = await Promise.all(asking);
    // Of an answer that is not all there is, the last entries serve as neighbours only.
    const floors = answers.flatMap(({ down }) =>
      down.length < pageKeys ? [] : [down[pageKeys - 1 - nearby]!.listedAt],
    );
    const end = floors.sort().at(-1) ?? hour;
    const neighbours = answers.flatMap(({ down, up }) => [...down, ...up]);
    const listings = answers
      .flatMap(({ down }) => down)
      .filter(({ listedAt }) => listedAt >= end && !(isBelow && listedAt === place))
      .sort((one, other) => (one.listedAt < other.listedAt ? 1 : -1));
    return { listings, neighbours, end };
  }

  async function query(
    { index, attribute, value }: ReturnType<ListOfHour>,
    low: string,
    high: string,
    limit: number,
    isUpward: boolean,
  ): Promise<Listing[]> {
    if (low > high) return [];
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: index,
        KeyConditionExpression: `${attribute} = :value AND listed_at BETWEEN :low AND :high`,
        ExpressionAttributeValues: { ':value': { S: value }, ':low': { S: low }, ':high': { S: high } },
        ScanIndexForward: isUpward,
        Limit: limit,
      }),
    );
    return Items.map(listingOf);
  }
}

/** The hours just below one, the newest first, down to the first. */
function hoursBelow(hour: string, firstHour: string, most: number): string[] {
  const hours: string[] = [];
  let atMs = Date.parse(`${hour}:00:00.000Z`);
  while (hours.length < most && hourOf(atMs) > firstHour) {
    atMs -= hourMs;
    hours.push(hourOf(atMs));
  }
  return hours;
}
