import { DeleteItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { FailureStreaks } from '../app/ports/failure-streaks.ts';
import type { EndpointKey } from '../core/endpoint.ts';
import { conditionHeld } from './dynamodb-condition.ts';
import { expiry } from './event-items.ts';

/**
 * An endpoint's streak of failures is one item of the events table. Attempts may be a day apart by their schedule, so it
 * is kept for as long as events are.
 */
export function createFailureStreaks(
  client: DynamoDBClient,
  table: string,
  retentionDays: number,
  now: () => number,
): FailureStreaks {
  const keyOf = ({ id, orgId }: EndpointKey) => ({
    pk: { S: `FAILURES#${orgId}#${id}` },
    sk: { S: 'FAILURES' },
  });
  return {
    async add(endpoint, failures, firstMs) {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(endpoint),
          UpdateExpression:
            'ADD failures :failures SET since_ms = if_not_exists(since_ms, :first), expires_at = :expires',
          ExpressionAttributeValues: {
            ':failures': { N: String(failures) },
            ':first': { N: String(firstMs) },
            ':expires': expiry(now(), retentionDays)['expires_at']!,
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return { failures: Number(Attributes!['failures']!.N), sinceMs: Number(Attributes!['since_ms']!.N) };
    },

    async reset(endpoint, sinceMs) {
      const only = sinceMs !== undefined && {
        ConditionExpression: 'since_ms = :since',
        ExpressionAttributeValues: { ':since': { N: String(sinceMs) } },
      };
      // Another streak has begun: that one goes on.
      await conditionHeld(
        client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(endpoint), ...only })),
      );
    },
  };
}
