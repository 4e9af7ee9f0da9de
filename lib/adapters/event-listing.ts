import { rfc3339 } from '../app/api/rfc3339.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Item } from './dynamodb-batch.ts';

/** Events of one hour, of all orgs, are spread over this many partition keys. */
export const hourShards = 4;

/** What a list's index says of an item of the table. */
export interface Listing {
  /** The item's own key. */
  readonly key: Item;
  /** The item's place in its list, without another like it: its newest event's time comes first. */
  readonly listedAt: string;
  /** When it was written, milliseconds since 1970; 0 for an item that only points. */
  readonly writtenAt: number;
  /** What part of the journal it holds; absent for an item that only points at an event that is fanned out. */
  readonly covers?: Coverage;
}

/** Where an item of the journal begins and ends, and the batch that it is of. */
export interface Coverage {
  readonly partition: string;
  readonly first: EventPlace;
  readonly last: EventPlace;
  readonly batch: string;
}

interface EventPlace {
  readonly offset: number;
  readonly index: number;
}

/** `2026-11-21T14`: the hour of a time, in UTC. Times that have no four-digit year are moved to the nearest that has one. */
export function hourOf(timeMs: number): string {
  return rfc3339(timeMs).slice(0, 'yyyy-mm-ddThh'.length);
}

/** The list of an org's events of one hour, as index key. */
export function eventList(org: string, hour: string): string {
  return `EVENTS#${org}#${hour}`;
}

/** A shard of the list of everybody's events of one hour, as index key. */
export function hourShard(hour: string, shard: number): string {
  return `${hour}#${shard}`;
}

/**
 * The index attributes of a journal item. Besides its org's list it stands in that of all orgs when it has a whole event:
 * where several orgs are concerned just the item with the body has, so that operators see each event once.
 * @param batch first and last offset of the invocation
 * @param entries of one hour
 */
export function journalListing(
  org: string,
  batch: { readonly first: number; readonly last: number },
  entries: readonly (Pick<JournalEntry, 'timeMs' | 'address'> & { readonly data?: string })[],
): Item {
  const [first, last] = [entries[0]!.address, entries.at(-1)!.address];
  const newestMs = Math.max(...entries.map(({ timeMs }) => timeMs));
  const hour = hourOf(newestMs);
  const tail = [
    first.source,
    first.partition,
    first.offset,
    first.index,
    last.offset,
    last.index,
    batch.first,
    batch.last,
    org,
  ];
  return {
    listing: { S: eventList(org, hour) },
    listed_at: { S: `${rfc3339(newestMs)}#${tail.join('.')}` },
    ...(entries.some((entry) => isWhole(entry)) && {
      overview: { S: hourShard(hour, first.partition % hourShards) },
    }),
  };
}

/** Whether this part of an event has its body; a skipped record has no other part. */
export function isWhole(part: object): boolean {
  return 'data' in part || 'skippedBy' in part;
}

/** The index attributes of an item that points at an event which is fanned out. */
export function fanOutListing(org: string, eventId: string, timeMs: number): Item {
  return {
    listing: { S: eventList(org, hourOf(timeMs)) },
    listed_at: { S: `${rfc3339(timeMs)}#${eventId}` },
  };
}

/** An index entry, read. */
export function listingOf({ pk, sk, listed_at, written_at }: Item): Listing {
  const listedAt = listed_at!.S!;
  const tail = listedAt.slice(listedAt.indexOf('#') + 1).split('.');
  const base = { key: { pk: pk!, sk: sk! }, listedAt, writtenAt: Number(written_at?.N ?? 0) };
  if (tail.length === 1) return base;
  const [, , offset, index, lastOffset, lastIndex, batchFirst, batchLast] = tail.map(Number);
  return {
    ...base,
    covers: {
      partition: pk!.S!,
      first: { offset: offset!, index: index! },
      last: { offset: lastOffset!, index: lastIndex! },
      batch: `${batchFirst}-${batchLast}`,
    },
  };
}

/** The time of the newest event of an item. */
export function timeOfListing({ listedAt }: Listing): number {
  return Date.parse(listedAt.slice(0, listedAt.indexOf('#')));
}

/**
 * Whether another item may hold events of this one as they were written later. It may where records came again: in a batch
 * with other bounds, or in one with the same bounds that was routed otherwise, so that not every item was replaced.
 */
export function isRepeatedBy(one: Listing, other: Listing): boolean {
  if (!one.covers || !other.covers || one.covers.partition !== other.covers.partition) return false;
  // Of one invocation: no event is in two of its items that are in one list.
  if (one.covers.batch === other.covers.batch && one.writtenAt === other.writtenAt) return false;
  const isLater =
    one.writtenAt === other.writtenAt ? other.listedAt > one.listedAt : other.writtenAt > one.writtenAt;
  return (
    isLater && isUpTo(one.covers.first, other.covers.last) && isUpTo(other.covers.first, one.covers.last)
  );
}

function isUpTo(one: EventPlace, other: EventPlace): boolean {
  return one.offset < other.offset || (one.offset === other.offset && one.index <= other.index);
}
