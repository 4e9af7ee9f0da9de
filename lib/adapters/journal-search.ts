import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { type EventAddress, publishedSource } from '../core/event-id.ts';
import { type JournalEvent, noOrg } from '../core/journal.ts';
import type { Item } from './dynamodb-batch.ts';
import { sortable } from './event-items.ts';
import { type StoredEntry, entriesOf, journalKey, position } from './journal-items.ts';

/** Records in one invocation at most. */
const mostRecords = 1000;

/** An entry of the journal, by the org that may see it; what was written last comes first. */
export type Parts = ReadonlyMap<string, StoredEntry>;

/**
 * Reads what the journal holds of a record's events. Where records came again in batches with other bounds, items overlap,
 * and one that holds an event may stand behind others that do not; what was written last wins.
 * @param first the events' address, if need be the first of them
 * @param lastIndex the last event's index
 * @param wanted which of the entries that an item holds. An address has one event: once another stands where the last one
 *   would, the search is over.
 * @returns the parts of each event, by its id, those written last first
 */
export async function searchJournal(
  client: DynamoDBClient,
  table: string,
  first: EventAddress,
  lastIndex: number,
  wanted: (entry: StoredEntry) => boolean,
): Promise<Map<string, Parts>> {
  const from = position({ address: first });
  const to = position({ address: { ...first, index: lastIndex } });
  const newest = new Map<string, Map<string, { writtenAt: number; entry: StoredEntry }>>();
  const unfound = sortable(Math.max(first.offset - mostRecords, 0));
  let back: string | undefined;
  let searched = 0;
  for await (const items of pagesBack(client, table, first, to)) {
    for (const item of items) {
      if (item['last']!.S! < from) continue;
      const [org, writtenAt] = [item['org']!.S!, Number(item['written_at']!.N)];
      const all = entriesOf(item);
      const entries = all.filter(wanted);
      if (all.some((entry) => position(entry) === to && !wanted(entry))) return new Map();
      for (const entry of entries) {
        const parts = newest.get(entry.id) ?? new Map<string, { writtenAt: number; entry: StoredEntry }>();
        newest.set(entry.id, parts);
        const known = parts.get(org);
        if (!known || writtenAt > known.writtenAt) parts.set(org, { writtenAt, entry });
      }
      // The parts of other orgs begin no further back than their invocation.
      const batchFirst = item['batch_first']!.S!;
      if (entries.length > 0 && (back === undefined || batchFirst < back)) back = batchFirst;
    }
    const furthest = items.at(-1)?.['sk']!.S;
    searched += items.length;
    // Offsets have gaps, so distance alone does not tell that the search has left the event's invocation.
    const isFarBack = back !== undefined || searched >= mostRecords;
    if (isFarBack && furthest !== undefined && furthest < (back ?? unfound)) break;
  }
  const inOrder = (parts: Map<string, { writtenAt: number; entry: StoredEntry }>) => {
    const ordered = [...parts].sort(([, one], [, other]) => other.writtenAt - one.writtenAt);
    return new Map(ordered.map(([org, { entry }]) => [org, entry]));
  };
  return new Map([...newest].map(([id, parts]) => [id, inOrder(parts)]));
}

/**
 * The journal items of a partition that begin at the place or before it, the nearest first. Those of a publish call hold
 * nothing of other calls.
 */
async function* pagesBack(
  client: DynamoDBClient,
  table: string,
  { source, partition, offset }: EventAddress,
  place: string,
): AsyncIterable<Item[]> {
  const lowest = sortable(source === publishedSource ? offset : 0);
  const pages = paginateQuery(
    { client, pageSize: 10 },
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :lowest AND :place',
      ExpressionAttributeValues: {
        ':pk': journalKey(source, partition),
        ':lowest': { S: lowest },
        // '~' sorts behind every org's id.
        ':place': { S: `${place}#~` },
      },
      ScanIndexForward: false,
      ConsistentRead: true,
    },
  );
  for await (const page of pages) yield page.Items ?? [];
}

/** An event with its body, which may stand in another part of it; undefined where that is gone. */
export function withBody(parts: Parts, part: StoredEntry | undefined): JournalEvent | undefined {
  const shared = parts.get(noOrg);
  const holder = part && 'data' in part ? part : shared;
  if (!part || 'skippedBy' in part || !holder || 'skippedBy' in holder) return undefined;
  const { data, headers } = holder;
  if (data === undefined || headers === undefined) return undefined;
  const { elsewhere, ...own } = part;
  return { ...own, data, headers };
}
