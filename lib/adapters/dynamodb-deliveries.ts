import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DeliveryStore } from '../app/ports/events.ts';
import type { Delivery } from '../core/delivery.ts';
import { deliveryItem, deliveryKey, deliveryOf, deliveryText } from './delivery-items.ts';
import { type Item, getAll } from './dynamodb-batch.ts';
import { conditionHeld } from './dynamodb-condition.ts';

/** Delivery rows of the events table. */
export function createDeliveryStore(
  client: DynamoDBClient,
  table: string,
  retentionDays: number,
  now: () => number,
): DeliveryStore {
  return {
    async read(keys) {
      const unique = new Map(keys.map((key) => [`${key.eventId} ${key.endpointId}`, deliveryKey(key)]));
      return (await getAll(client, table, [...unique.values()])).map(deliveryOf);
    },

    update: (delivery, attemptsWhenRead) =>
      put(delivery, 'attempt_count = :attempts', { ':attempts': { N: String(attemptsWhenRead) } }),

    replace: (delivery, whenRead) =>
      put(delivery, 'delivery = :delivery', { ':delivery': { S: deliveryText(whenRead) } }),

    create: (delivery) => put(delivery, 'attribute_not_exists(pk)'),
  };

  /** @returns whether the condition held */
  function put(delivery: Delivery, condition: string, values?: Item): Promise<boolean> {
    return conditionHeld(
      client.send(
        new PutItemCommand({
          TableName: table,
          Item: deliveryItem(delivery, now(), retentionDays),
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }
}
