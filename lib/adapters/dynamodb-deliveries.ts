import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DeliveryStore } from '../app/ports/events.ts';
import { deliveryItem, deliveryKey, deliveryOf } from './delivery-items.ts';
import { getAll } from './dynamodb-batch.ts';
import { expiry } from './event-items.ts';

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

    async update(delivery, attemptsWhenRead) {
      const nowMs = now();
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: { ...deliveryItem(delivery, nowMs), ...expiry(delivery.createdAtMs, retentionDays) },
            ConditionExpression: 'attempt_count = :attempts',
            ExpressionAttributeValues: { ':attempts': { N: String(attemptsWhenRead) } },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}
