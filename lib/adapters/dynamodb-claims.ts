import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Claim, ClaimStore } from '../app/ports/claims.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { chunks } from '../core/chunks.ts';
import { claimKey } from './claim-items.ts';
import { mostAtOnce } from './dynamodb-batch.ts';
import { refusalOf } from './dynamodb-condition.ts';

/** Statements that DynamoDB takes in one call. */
const mostStatements = 25;
/** Of each call, keys that are looked at one by one because somebody has them. */
const takenAtOnce = 4;

/** Claims of idempotency keys in the events table. */
export function createClaimStore(
  client: DynamoDBClient,
  table: string,
  windowHours: number,
  now: () => number,
): ClaimStore {
  const nowSeconds = () => Math.floor(now() / 1000);
  const itemOf = (scope: string, { key, eventId, origin }: Claim) => ({
    ...claimKey(scope, key),
    event_id: { S: eventId },
    origin: { S: origin },
    expires_at: { N: String(nowSeconds() + windowHours * 3600) },
  });

  return {
    async claim(scope, claims) {
      const holders = await mapAtOnce(chunks(claims, mostStatements), mostAtOnce, async (some) => {
        const inserted = await insertNew(some.map((claim) => itemOf(scope, claim)));
        return mapAtOnce([...some.entries()], takenAtOnce, async ([at, claim]) =>
          inserted[at] ? claim.eventId : claimOne(itemOf(scope, claim)),
        );
      });
      return holders.flat();
    },

    async holder(scope, key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: claimKey(scope, key), ConsistentRead: true }),
      );
      const isValid = Item && Number(Item['expires_at']!.N) > nowSeconds();
      return isValid ? Item['event_id']!.S : undefined;
    },
  };

  /**
   * Most keys are new, and only these can be inserted many in a call.
   * @returns for each item whether it was; what DynamoDB refused, for whatever reason, was not
   */
  async function insertNew(items: readonly Record<string, AttributeValue>[]): Promise<boolean[]> {
    const { Responses = [] } = await client.send(
      new BatchExecuteStatementCommand({
        Statements: items.map(({ pk, sk, event_id, origin, expires_at }) => ({
          Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?, 'event_id': ?, 'origin': ?, 'expires_at': ?}`,
          Parameters: [pk!, sk!, event_id!, origin!, expires_at!],
        })),
      }),
    );
    return items.map((_, at) => Responses[at] !== undefined && Responses[at].Error === undefined);
  }

  /** Takes a key that nobody has, whose time is over, or that something of the same origin has. */
  async function claimOne(item: Record<string, AttributeValue>): Promise<string> {
    const refusal = await refusalOf(
      client.send(
        new PutItemCommand({
          TableName: table,
          Item: item,
          // DynamoDB deletes expired items when it comes to it, days late at times, so the time itself is compared.
          ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :now OR origin = :origin',
          ExpressionAttributeValues: { ':now': { N: String(nowSeconds()) }, ':origin': item['origin']! },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    if (!refusal) return item['event_id']!.S!;
    const holder = refusal.Item?.['event_id']?.S;
    if (holder === undefined) throw refusal;
    return holder;
  }
}
