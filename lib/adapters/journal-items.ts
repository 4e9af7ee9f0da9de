import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type JournalEvent, noOrg, splitByOrg } from '../core/journal.ts';
import type { Item } from './dynamodb-batch.ts';
import { sortable } from './event-items.ts';

/** Events in one item at most. */
const mostEvents = 100;
/** DynamoDB takes 400 KB an item; keys and numbers need a little. */
const mostBytes = 390_000;

/** Where several orgs are concerned, the body is stored once, with what concerns none of them. */
export type StoredEvent = Omit<JournalEvent, 'data' | 'headers'> &
  Partial<Pick<JournalEvent, 'data' | 'headers'>>;

/** Partition key of the journal of one partition of one source. */
export function journalKey(source: number, partition: number): AttributeValue {
  return { S: `JOURNAL#${source}#${partition}` };
}

/**
 * The journal of one invocation, as items: one for each partition and org, split where there are more than 100
 * events or where they are too large. `sk` is where the item begins, the org, and the last offset of the whole
 * invocation: a late repeat of other records must not replace an item that holds more. `last` is the item's last event;
 * `batch_first` is the first offset of the whole invocation, so that a search knows how far back its parts can be.
 */
export function journalItems(events: readonly JournalEvent[], nowMs: number): Item[] {
  const groups = new Map<string, { partition: AttributeValue; org: string; events: StoredEvent[] }>();
  const bounds = new Map<string, { first: number; last: number }>();
  for (const event of events) {
    const { source, partition, offset } = event.address;
    const partitionKey = journalKey(source, partition);
    const { first, last } = bounds.get(partitionKey.S!) ?? { first: offset, last: offset };
    bounds.set(partitionKey.S!, { first: Math.min(first, offset), last: Math.max(last, offset) });
    const parts = splitByOrg(event);
    for (const [org, whole] of parts) {
      const part = parts.size > 1 && org !== noOrg ? withoutBody(whole) : whole;
      const name = `${partitionKey.S} ${org}`;
      const group = groups.get(name);
      if (group) group.events.push(part);
      else groups.set(name, { partition: partitionKey, org, events: [part] });
    }
  }
  return [...groups.values()].flatMap(({ partition, org, events }) => {
    const batch = bounds.get(partition.S!)!;
    const common = {
      pk: partition,
      org: { S: org },
      batch_first: { S: sortable(batch.first) },
      written_at: { N: String(nowMs) },
    };
    return pack(events).map(({ first, last, bytes }) => ({
      ...common,
      sk: { S: `${position(first)}#${org}#${sortable(batch.last)}` },
      last: { S: position(last) },
      events: { B: bytes },
    }));
  });
}

function withoutBody({ data, headers, ...rest }: JournalEvent): StoredEvent {
  return rest;
}

/** The events of an item. */
export function eventsOf(item: Item): StoredEvent[] {
  return JSON.parse(zstdDecompressSync(item['events']!.B!).toString('utf8')) as StoredEvent[];
}

/** Where an event stands within its partition's journal. */
export function position({ address: { offset, index } }: Pick<JournalEvent, 'address'>): string {
  return `${sortable(offset)}#${sortable(index)}`;
}

interface Packed {
  readonly first: StoredEvent;
  readonly last: StoredEvent;
  readonly bytes: Uint8Array;
}

function pack(events: readonly StoredEvent[]): Packed[] {
  if (events.length <= mostEvents) {
    const bytes = zstdCompressSync(JSON.stringify(events), {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    });
    if (bytes.length <= mostBytes || events.length === 1)
      return [{ first: events[0]!, last: events.at(-1)!, bytes }];
  }
  const middle = events.length > mostEvents ? mostEvents : Math.ceil(events.length / 2);
  return [...pack(events.slice(0, middle)), ...pack(events.slice(middle))];
}
