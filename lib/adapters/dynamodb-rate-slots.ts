import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { RateSlots } from '../app/ports/rate-slots.ts';

/** A source's item says until when its time is reserved. Every batch of every partition moves it on. */
export function createRateSlots(client: DynamoDBClient, table: string, now: () => number): RateSlots {
  /** @returns until when the time is reserved now, or what the item said when the condition did not hold */
  const update = async (source: string, expression: string, condition: string, values: Values) => {
    try {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: `RATE#${source}` }, sk: { S: 'RATE' } },
          UpdateExpression: `SET reserved_until = ${expression}`,
          ConditionExpression: condition,
          ExpressionAttributeValues: Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, { N: String(value) }]),
          ),
          ReturnValues: 'UPDATED_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { reservedUntil: Number(Attributes!['reserved_until']!.N) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { found: Number(error.Item?.['reserved_until']?.N ?? 0) };
    }
  };

  return {
    async reserve(source, durationMs, latestMs) {
      for (;;) {
        const nowMs = now();
        if (latestMs < nowMs) return undefined;
        const behind = await update(
          source,
          'reserved_until + :duration',
          'reserved_until BETWEEN :now AND :latest',
          { ':now': nowMs, ':latest': latestMs, ':duration': durationMs },
        );
        if (behind.reservedUntil !== undefined) return behind.reservedUntil - durationMs;
        if (behind.found > latestMs) return undefined;
        // Nothing is reserved any more: it begins at once. Another that is first makes this one queue behind it.
        const first = await update(
          source,
          ':end',
          'attribute_not_exists(reserved_until) OR reserved_until < :now',
          { ':now': nowMs, ':end': nowMs + durationMs },
        );
        if (first.reservedUntil !== undefined) return nowMs;
      }
    },
  };
}

type Values = Readonly<Record<string, number>>;
