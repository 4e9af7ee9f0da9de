import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { EventReader } from '../app/ports/events.ts';
import type { EventIds } from '../core/event-id.ts';
import { type JournalEvent, noOrg } from '../core/journal.ts';
import { deliveryOf } from './delivery-items.ts';
import { type Item, itemsUnder } from './dynamodb-batch.ts';
import { sortable } from './event-items.ts';
import { type StoredEvent, eventsOf, journalKey, position } from './journal-items.ts';

/** Records in one invocation at most. */
const mostRecords = 1000;

/** An event with its body, which may stand in another item; none where that is gone. */
function withBody(event: StoredEvent, shared: StoredEvent | undefined): JournalEvent[] {
  const { data, headers } = event.data === undefined ? (shared ?? {}) : event;
  return data === undefined || headers === undefined ? [] : [{ ...event, data, headers }];
}

/**
 * Finds events by their id alone: the id is decoded to the place of the event in the journal. Where records came again
 * in batches with other bounds, items overlap, and one that holds the event may stand behind others that do not.
 */
export function createEventReader(client: DynamoDBClient, table: string, eventIds: EventIds): EventReader {
  return {
    async find(id) {
      const address = eventIds.decode(id)?.address;
      if (!address) return [];
      const place = position({ address });
      const newest = new Map<string, { writtenAt: number; event: StoredEvent }>();
      const unfound = sortable(Math.max(address.offset - mostRecords, 0));
      let back: string | undefined;
      let searched = 0;
      for await (const items of pagesBack(address.source, address.partition, place)) {
        for (const item of items) {
          if (item['last']!.S! < place) continue;
          const event = eventsOf(item).find((candidate) => candidate.id === id);
          if (!event) continue;
          const [org, writtenAt] = [item['org']!.S!, Number(item['written_at']!.N)];
          const known = newest.get(org);
          if (!known || writtenAt > known.writtenAt) newest.set(org, { writtenAt, event });
          // The parts of other orgs begin no further back than their invocation.
          const batchFirst = item['batch_first']!.S!;
          if (back === undefined || batchFirst < back) back = batchFirst;
        }
        const furthest = items.at(-1)?.['sk']!.S;
        searched += items.length;
        // Offsets have gaps, so distance alone does not tell that the search has left the event's invocation.
        const isFarBack = back !== undefined || searched >= mostRecords;
        if (isFarBack && furthest !== undefined && furthest < (back ?? unfound)) break;
      }
      const shared = newest.get(noOrg)?.event;
      return [...newest].flatMap(([orgId, { event }]) =>
        withBody(event, shared).map((whole) => ({ orgId, event: whole })),
      );
    },

    async deliveriesOf(id) {
      return (await itemsUnder(client, table, `DELIVERY#${id}`)).map(deliveryOf);
    },
  };

  /** The journal items of a partition that begin at the place or before it, the nearest first. */
  async function* pagesBack(source: number, partition: number, place: string): AsyncIterable<Item[]> {
    const pages = paginateQuery(
      { client, pageSize: 10 },
      {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk <= :place',
        // '~' sorts behind every org's id.
        ExpressionAttributeValues: { ':pk': journalKey(source, partition), ':place': { S: `${place}#~` } },
        ScanIndexForward: false,
        ConsistentRead: true,
      },
    );
    for await (const page of pages) yield page.Items ?? [];
  }
}
