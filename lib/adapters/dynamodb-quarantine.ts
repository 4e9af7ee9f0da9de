import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { InvalidCursor } from '../app/ports/documents.ts';
import type { QuarantineReader } from '../app/ports/events.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Item, itemsUnder } from './dynamodb-batch.ts';
import { quarantineKey, quarantineList, quarantinedOf } from './quarantine-items.ts';

const dayMs = 86_400_000;

/** Quarantined records, listed day by day from today back to the end of the retention. */
export function createQuarantineReader(
  client: DynamoDBClient,
  table: string,
  retentionDays: number,
  now: () => number,
): QuarantineReader {
  const get = async (id: string) => {
    const items = await itemsUnder(client, table, quarantineKey(id).pk.S);
    return items.length > 0 ? quarantinedOf(items) : undefined;
  };

  return {
    get,
    async list(limit, cursor) {
      const ids: string[] = [];
      let { dayStartMs, from } = cursor ? readCursor(cursor) : { dayStartMs: now(), from: undefined };
      const oldestMs = now() - retentionDays * dayMs;
      let last: Item | undefined;
      while (dayStartMs >= oldestMs - dayMs && ids.length < limit) {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            IndexName: 'listing',
            KeyConditionExpression: 'listing = :listing',
            ExpressionAttributeValues: { ':listing': { S: quarantineList(dayOf(dayStartMs)) } },
            ScanIndexForward: false,
            Limit: limit - ids.length,
            ExclusiveStartKey: from,
          }),
        );
        ids.push(...Items.map((item) => item['pk']!.S!.slice('QUARANTINE#'.length)));
        last = Items.at(-1) ?? last;
        from = LastEvaluatedKey;
        if (!from) dayStartMs -= dayMs;
      }
      const records = await Promise.all(ids.map(get));
      return {
        records: records.filter((record) => record !== undefined),
        ...(last && ids.length === limit && { nextCursor: cursorAt(last) }),
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
