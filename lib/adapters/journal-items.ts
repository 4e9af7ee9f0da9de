import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  type JournalEntry,
  type JournalEvent,
  type SkippedRecord,
  noOrg,
  splitByOrg,
} from '../core/journal.ts';
import type { ListedDelivery } from '../app/ports/event-lists.ts';
import type { Item } from './dynamodb-batch.ts';
import { sortable } from './event-items.ts';
import { hourOf, journalListing } from './event-listing.ts';

/** Events in one item at most. */
const mostEvents = 100;
/** DynamoDB takes 400 KB an item; keys and numbers need a little. */
const mostBytes = 390_000;

/** Where several orgs are concerned, the body is stored once, with what concerns none of them. */
export type StoredEntry = StoredEvent | SkippedRecord;
export type StoredEvent = Omit<JournalEvent, 'data' | 'headers'> &
  Partial<Pick<JournalEvent, 'data' | 'headers'>> & {
    /** Beside a shared body: the deliveries in the parts of the orgs, so that a list need not read all of them. */
    readonly elsewhere?: readonly ListedDelivery[];
  };

/** Partition key of the journal of one partition of one source. */
export function journalKey(source: number, partition: number): AttributeValue {
  return { S: `JOURNAL#${source}#${partition}` };
}

/**
 * The journal of one invocation, as items: one for each partition, org and hour of the events' time, by which they are
 * listed; split where there are more than 100 events or where they are too large. `sk` is where the item begins, the org, and the last offset of the whole
 * invocation: a late repeat of other records must not replace an item that holds more. `last` is the item's last event;
 * `batch_first` is the first offset of the whole invocation, so that a search knows how far back its parts can be.
 */
export function journalItems(entries: readonly JournalEntry[], nowMs: number): Item[] {
  const groups = new Map<string, Group>();
  const bounds = new Map<string, { first: number; last: number }>();
  for (const entry of entries) {
    const { source, partition, offset } = entry.address;
    const partitionKey = journalKey(source, partition);
    const { first, last } = bounds.get(partitionKey.S!) ?? { first: offset, last: offset };
    bounds.set(partitionKey.S!, { first: Math.min(first, offset), last: Math.max(last, offset) });
    const hour = hourOf(entry.timeMs);
    for (const [org, part] of storedParts(entry)) {
      const name = `${partitionKey.S} ${org} ${hour}`;
      const group = groups.get(name);
      if (group) group.entries.push(part);
      else groups.set(name, { partition: partitionKey, org, entries: [part] });
    }
  }
  return [...groups.values()].flatMap(({ partition, org, entries: parts }) => {
    const batch = bounds.get(partition.S!)!;
    const common = {
      pk: partition,
      org: { S: org },
      batch_first: { S: sortable(batch.first) },
      written_at: { N: String(nowMs) },
    };
    return pack(parts).map(({ entries: packed, bytes }) => ({
      ...common,
      ...journalListing(org, batch, packed),
      sk: { S: `${position(packed[0]!)}#${org}#${sortable(batch.last)}` },
      last: { S: position(packed.at(-1)!) },
      events: { B: bytes },
    }));
  });
}

interface Group {
  readonly partition: AttributeValue;
  readonly org: string;
  readonly entries: StoredEntry[];
}

/** An entry's parts by org. Records that were skipped concern nobody. */
function storedParts(entry: JournalEntry): [org: string, part: StoredEntry][] {
  if ('skippedBy' in entry) return [[noOrg, entry]];
  const parts = splitByOrg(entry);
  if (parts.size === 1) return [...parts];
  const elsewhere = entry.deliveries.map(({ endpointId, orgId, state }) => ({ endpointId, orgId, state }));
  return [...parts].map(([org, part]) => [
    org,
    org === noOrg ? { ...part, ...(elsewhere.length > 0 && { elsewhere }) } : withoutBody(part),
  ]);
}

function withoutBody({ data, headers, ...rest }: JournalEvent): StoredEvent {
  return rest;
}

/** The entries of an item. */
export function entriesOf(item: Item): StoredEntry[] {
  return JSON.parse(zstdDecompressSync(item['events']!.B!).toString('utf8')) as StoredEntry[];
}

/** Where an event stands within its partition's journal. */
export function position({ address: { offset, index } }: Pick<JournalEntry, 'address'>): string {
  return `${sortable(offset)}#${sortable(index)}`;
}

interface Packed {
  readonly entries: readonly StoredEntry[];
  readonly bytes: Uint8Array;
}

function pack(events: readonly StoredEntry[]): Packed[] {
  if (events.length <= mostEvents) {
    const bytes = zstdCompressSync(JSON.stringify(events), {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    });
    if (bytes.length <= mostBytes || events.length === 1) return [{ entries: events, bytes }];
  }
  const middle = events.length > mostEvents ? mostEvents : Math.ceil(events.length / 2);
  return [...pack(events.slice(0, middle)), ...pack(events.slice(middle))];
}
