import { DeleteItemCommand, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { InvalidCursor } from '../app/ports/documents.ts';
import type { QuarantineReader, QuarantineRemover } from '../app/ports/events.ts';
import type { EventIds } from '../core/event-id.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Item, itemsUnder, mostAtOnce } from './dynamodb-batch.ts';
import { quarantineKey, quarantineList, quarantinedOf } from './quarantine-items.ts';

const dayMs = 86_400_000;

/** Quarantined records, listed day by day from today back to the end of the retention. */
export function createQuarantineReader(
  client: DynamoDBClient,
  table: string,
  eventIds: EventIds,
  retentionDays: number,
  now: () => number,
): QuarantineReader & QuarantineRemover {
  const readUnder = async (partitionKey: string) =>
    quarantinedOf(await itemsUnder(client, table, partitionKey));
  const readWhole = async (partitionKey: string) => {
    const record = await readUnder(partitionKey);
    return record?.isIncomplete ? undefined : record;
  };

  return {
    async get(id) {
      if (!eventIds.decode(id)) return undefined;
      const record = await readWhole(quarantineKey(id).pk.S);
      // Of the same place, but of another time: an id that nobody gave out.
      return record?.id === id ? record : undefined;
    },

    at: (place) => readWhole(quarantineKey(eventIds.encode(0, { ...place, index: 0 })).pk.S),

    async remove(id) {
      const items = await itemsUnder(client, table, quarantineKey(id).pk.S);
      // With a first part that is another's the record is another's; without one it was half removed.
      const isOthers = items.some(
        ({ listed_at }) => listed_at !== undefined && !listed_at.S!.endsWith(`#${id}`),
      );
      if (isOthers) return;
      const [first, ...rest] = items.map(({ pk, sk }) => ({ pk: pk!, sk: sk! }));
      // Once the first is gone nobody sees the record; a removal that fails half way can be made again, or time removes the rest.
      const removePart = (Key: Item) => client.send(new DeleteItemCommand({ TableName: table, Key }));
      if (first) await removePart(first);
      await mapAtOnce(rest, mostAtOnce, removePart);
    },

    async list(limit, cursor) {
      const found: Item[] = [];
      let { dayStartMs, from } = cursor ? readCursor(cursor) : { dayStartMs: now(), from: undefined };
      const oldestMs = now() - retentionDays * dayMs;
      let last: Item | undefined;
      while (dayStartMs >= oldestMs - dayMs && found.length < limit) {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            IndexName: 'listing',
            KeyConditionExpression: 'listing = :listing',
            ExpressionAttributeValues: { ':listing': { S: quarantineList(dayOf(dayStartMs)) } },
            ScanIndexForward: false,
            Limit: limit - found.length,
            ExclusiveStartKey: from,
          }),
        );
        found.push(...Items);
        last = Items.at(-1) ?? last;
        from = LastEvaluatedKey;
        if (!from) dayStartMs -= dayMs;
      }
      const records = await mapAtOnce(found, mostAtOnce, ({ pk }) => readUnder(pk!.S!));
      return {
        records: records.filter((record) => record !== undefined),
        ...(last && found.length === limit && { nextCursor: cursorAt(last) }),
      };
    },
  };

  function cursorAt({ pk, sk, listing, listed_at }: Item): string {
    return encodeCursor({ pk: pk!, sk: sk!, listing: listing!, listed_at: listed_at! });
  }

  function readCursor(cursor: string) {
    const from = decodeCursor(cursor, {
      pk: { S: '' },
      sk: { S: '' },
      listing: { S: '' },
      listed_at: { S: '' },
    });
    const listing = from['listing']!.S!;
    const dayStartMs = Date.parse(listing.slice(quarantineList('').length));
    const isDay = dayStartMs <= now() + dayMs && listing === quarantineList(dayOf(dayStartMs));
    if (!isDay) throw new InvalidCursor();
    return { dayStartMs, from };
  }
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
