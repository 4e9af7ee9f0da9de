import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { EndpointPlaces } from '../app/ports/endpoint-places.ts';
import type { Item } from './dynamodb-batch.ts';
import { refusalOf } from './dynamodb-condition.ts';

/** An item that nobody has changed for so long may go. */
const itemMs = 86_400_000;

/**
 * An item for each endpoint: the set of those who hold a place at it, each with the end of its time in its name.
 * @param most places of one endpoint
 */
export function createEndpointPlaces(
  client: DynamoDBClient,
  table: string,
  most: number,
  now: () => number,
): EndpointPlaces {
  const update = async (endpointId: string, expression: string, values: Item, condition?: string) => {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: `PLACES#${endpointId}` }, sk: { S: 'PLACES' } },
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeValues: values,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  };
  /** @returns those who hold the places, when there is none left */
  const tryToTake = async (endpointId: string, name: string): Promise<string[] | undefined> => {
    const values = {
      ':name': { SS: [name] },
      ':most': { N: String(most) },
      ':expires': { N: String(Math.ceil((now() + itemMs) / 1000)) },
    };
    const isFree = 'attribute_not_exists(holders) OR size(holders) < :most';
    const adding = update(endpointId, 'ADD holders :name SET expires_at = :expires', values, isFree);
    const refusal = await refusalOf(adding);
    return refusal && (refusal.Item?.['holders']?.SS ?? []);
  };

  return {
    async take(endpointId, untilMs) {
      const name = `${untilMs} ${randomUUID()}`;
      const holders = await tryToTake(endpointId, name);
      if (holders === undefined) return { endpointId, name };
      // Who did not come back to give its place back.
      const gone = holders.filter((holder) => Number.parseInt(holder) <= now());
      if (gone.length === 0) return undefined;
      await update(endpointId, 'DELETE holders :gone', { ':gone': { SS: gone } });
      return (await tryToTake(endpointId, name)) === undefined ? { endpointId, name } : undefined;
    },

    async giveBack({ endpointId, name }) {
      await update(endpointId, 'DELETE holders :name', { ':name': { SS: [name] } });
    },
  };
}
