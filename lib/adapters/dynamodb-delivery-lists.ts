import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { rfc3339 } from '../app/api/rfc3339.ts';
import type { DeliveryListRequest, DeliveryLists } from '../app/ports/delivery-lists.ts';
import { InvalidCursor } from '../app/ports/documents.ts';
import type { DeliveryStore } from '../app/ports/events.ts';
import { deliveryIdPattern } from '../core/delivery.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { deliveriesList, deliveryKeyOf, overviewShards } from './delivery-items.ts';
import type { Item } from './dynamodb-batch.ts';

/** Deliveries by endpoint and state: an index of rows in shards, merged by their places, which are unique. */
export function createDeliveryLists(
  client: DynamoDBClient,
  table: string,
  deliveries: Pick<DeliveryStore, 'read'>,
): DeliveryLists {
  return {
    async list(request) {
      const { endpointId, state, limit, oldestFirst, cursor } = request;
      const place = cursor === undefined ? undefined : readCursor(cursor, endpointId);
      const shards = Array.from({ length: overviewShards }, (_, shard) => query(request, shard, place));
      const found = (await Promise.all(shards)).flat().sort((one, other) => {
        const isBefore = placeOf(one) < placeOf(other);
        return isBefore === (oldestFirst ?? false) ? -1 : 1;
      });
      const listed = found.slice(0, limit);
      const rows = await deliveries.read(listed.map(deliveryKeyOf));
      const page = listed.flatMap((item) => {
        const key = deliveryKeyOf(item);
        const delivery = rows.find(
          (row) => row.eventId === key.eventId && row.endpointId === key.endpointId && row.state === state,
        );
        return delivery ? [{ delivery, cursor: cursorAt(placeOf(item)) }] : [];
      });
      return {
        deliveries: page,
        ...(found.length > limit && { nextCursor: cursorAt(placeOf(listed.at(-1)!)) }),
      };
    },
  };

  /** One more than a page. */
  async function query(
    { endpointId, state, limit, oldestFirst = false }: DeliveryListRequest,
    shard: number,
    place: string | undefined,
  ): Promise<Item[]> {
    const beyond = oldestFirst ? '>' : '<';
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'overview',
        KeyConditionExpression: `overview = :list${place === undefined ? '' : ` AND listed_at ${beyond} :place`}`,
        ExpressionAttributeValues: {
          ':list': { S: deliveriesList(endpointId, state, shard) },
          ...(place !== undefined && { ':place': { S: place } }),
        },
        ScanIndexForward: oldestFirst,
        Limit: limit + 1,
      }),
    );
    return Items;
  }
}

function placeOf(item: Item): string {
  return item['listed_at']!.S!;
}

function cursorAt(place: string): string {
  return encodeCursor({ listed_at: { S: place } });
}

/** @throws InvalidCursor for what no answer about the endpoint can have held */
function readCursor(cursor: string, endpointId: string): string {
  const place = decodeCursor(cursor, { listed_at: { S: '' } })['listed_at']!.S!;
  const [time, name] = place.split('#') as [string, string | undefined];
  const [eventId, ofEndpoint] = name?.split('.') ?? [];
  const timeMs = Date.parse(time);
  const isPlace = !Number.isNaN(timeMs) && `${rfc3339(timeMs)}#${name}` === place;
  if (!isPlace || ofEndpoint !== endpointId || !deliveryIdPattern.test(`${eventId}-${ofEndpoint}`))
    throw new InvalidCursor();
  return place;
}
