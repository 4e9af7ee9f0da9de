import { createHash } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { ClaimStore } from '../app/ports/claims.ts';

/** Claims of idempotency keys in the events table. Keys are hashed: they may be long, and say things about people. */
export function createClaimStore(
  client: DynamoDBClient,
  table: string,
  windowHours: number,
  now: () => number,
): ClaimStore {
  return {
    async claim(scope, key, eventId) {
      const hash = createHash('sha256').update(key).digest('base64url');
      const nowSeconds = Math.floor(now() / 1000);
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              pk: { S: `CLAIM#${scope}#${hash}` },
              sk: { S: 'CLAIM' },
              event_id: { S: eventId },
              expires_at: { N: String(nowSeconds + windowHours * 3600) },
            },
            // DynamoDB deletes expired items when it comes to it, days late at times, so the time itself is compared.
            ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :now OR event_id = :id',
            ExpressionAttributeValues: { ':now': { N: String(nowSeconds) }, ':id': { S: eventId } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return eventId;
      } catch (error) {
        const holder =
          error instanceof ConditionalCheckFailedException ? error.Item?.['event_id']?.S : undefined;
        if (holder === undefined) throw error;
        return holder;
      }
    },
  };
}
