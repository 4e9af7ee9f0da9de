import { type DynamoDBClient, QueryCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { EventReader } from '../app/ports/events.ts';
import type { EventIds } from '../core/event-id.ts';
import type { JournalEvent } from '../core/journal.ts';
import { deliveryOf } from './delivery-items.ts';
import type { Item } from './dynamodb-batch.ts';
import { sortable } from './event-items.ts';
import { eventsOf, journalKey, position } from './journal-items.ts';

/** Finds events by their id alone: the id is decoded to the place of the event in the journal. */
export function createEventReader(client: DynamoDBClient, table: string, eventIds: EventIds): EventReader {
  return {
    async find(id) {
      const address = eventIds.decode(id)?.address;
      if (!address) return [];
      const newest = new Map<string, { writtenAt: number; event: JournalEvent }>();
      for await (const item of itemsBack(address.source, address.partition, position({ address }))) {
        // A batch that ended before the event: what comes now is older still.
        if (item['batch_last']!.S! < sortable(address.offset)) break;
        if (item['last']!.S! < position({ address })) continue;
        const event = eventsOf(item).find((candidate) => candidate.id === id);
        const org = item['org']!.S!;
        const writtenAt = Number(item['written_at']!.N);
        if (event && writtenAt > (newest.get(org)?.writtenAt ?? 0)) newest.set(org, { writtenAt, event });
      }
      return [...newest].map(([orgId, { event }]) => ({ orgId, event }));
    },

    async deliveriesOf(id) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: `DELIVERY#${id}` } },
          ConsistentRead: true,
        }),
      );
      return Items.map(deliveryOf);
    },
  };

  /** The journal items of a partition that begin at the place or before it, the nearest first. */
  async function* itemsBack(source: number, partition: number, place: string): AsyncIterable<Item> {
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
    for await (const page of pages) yield* page.Items ?? [];
  }
}
