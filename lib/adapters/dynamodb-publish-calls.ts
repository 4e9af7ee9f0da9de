import { createHash } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { CallLease, KeyedCall, PublishCalls } from '../app/ports/publish-calls.ts';
import { type Item, itemsUnder, putAll } from './dynamodb-batch.ts';
import { conditionHeld, refusalOf } from './dynamodb-condition.ts';
import { keptParts, keptText, partKey, readAnswer, storedAnswer } from './kept-call-items.ts';

/** Publish calls with an Idempotency-Key in the events table: an item each, and more for those that keep much. */
export function createPublishCalls(
  client: DynamoDBClient,
  table: string,
  windowHours: number,
  now: () => number,
): PublishCalls {
  return {
    async begin(call, lease) {
      const nowMs = now();
      const found = await putNew(call, lease, nowMs);
      if (found === undefined) return { is: 'ours', startedMs: nowMs, isContinued: false };
      const startedMs = Number(found['started_at']!.N);
      if (found['fingerprint']!.S !== call.fingerprint) return { is: 'other_call' };
      if (found['answer']) return { is: 'answered', answer: readAnswer(found['answer']) };
      // The client repeats a request whose answer got lost.
      if (found['lease']!.S === lease.id) return { is: 'ours', startedMs, isContinued: false };
      const taken = await takeOver(call, lease, nowMs);
      if (!taken) return { is: 'in_flight' };
      return { is: 'ours', startedMs, isContinued: true, ...(await readKept(taken)) };
    },

    async keep(call, lease, text) {
      const { first, further } = keptParts(callKey(call), lease.id, expiry(now()), text);
      await putAll(client, table, further);
      return change(call, lease, 'SET kept = :kept, kept_by = :lease, kept_further = :further', {
        ':kept': { B: first },
        ':further': { N: String(further.length) },
      });
    },

    forget: (call, lease) => change(call, lease, 'REMOVE kept', {}),

    async finish(call, lease, answer) {
      // What was kept would make each look at the call dear.
      await change(call, lease, 'SET answer = :answer REMOVE kept', { ':answer': storedAnswer(answer) });
    },

    async release(call, lease) {
      await change(call, lease, 'SET leased_until = :never', { ':never': { N: '0' } });
    },
  };

  /** @returns the call that there is already */
  async function putNew(call: KeyedCall, lease: CallLease, nowMs: number): Promise<Item | undefined> {
    const put = new PutItemCommand({
      TableName: table,
      Item: {
        ...callKey(call),
        fingerprint: { S: call.fingerprint },
        started_at: { N: String(nowMs) },
        lease: { S: lease.id },
        leased_until: { N: String(lease.untilMs) },
        ...expiry(nowMs),
      },
      // DynamoDB deletes expired items when it comes to it, days late at times, so the time itself is compared.
      ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :now',
      ExpressionAttributeValues: {
        ':now': { N: String(Math.floor(nowMs / 1000)) },
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return conflicting(client.send(put));
  }

  /** @returns the call as it is now; undefined when another has it */
  async function takeOver(call: KeyedCall, lease: CallLease, nowMs: number): Promise<Item | undefined> {
    let taken: Item | undefined;
    const update = new UpdateItemCommand({
      TableName: table,
      Key: callKey(call),
      UpdateExpression: 'SET lease = :lease, leased_until = :until',
      ConditionExpression: 'leased_until <= :now AND attribute_not_exists(answer)',
      ExpressionAttributeValues: {
        ':lease': { S: lease.id },
        ':until': { N: String(lease.untilMs) },
        ':now': { N: String(nowMs) },
      },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const found = await conflicting(
      client.send(update).then(({ Attributes }) => {
        taken = Attributes;
      }),
    );
    return taken ?? (found?.['lease']?.S === lease.id ? found : undefined);
  }

  /** What whoever had the call before has kept. */
  async function readKept(call: Item): Promise<{ kept?: string }> {
    const { pk, kept, kept_by: by, kept_further: count } = call;
    if (!kept) return {};
    const further = Number(count!.N) > 0 ? await itemsUnder(client, table, pk!.S!, partKey(by!.S!)) : [];
    if (further.length < Number(count!.N)) throw new Error(`${pk!.S}: a part of what was kept is gone`);
    return { kept: keptText(kept.B!, further) };
  }

  /** Where the condition does not hold another has the call by now. */
  async function change(
    call: KeyedCall,
    lease: CallLease,
    expression: string,
    values: Item,
  ): Promise<boolean> {
    return conditionHeld(
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: callKey(call),
          UpdateExpression: expression,
          ConditionExpression: 'lease = :lease',
          ExpressionAttributeValues: { ':lease': { S: lease.id }, ...values },
        }),
      ),
    );
  }

  function expiry(nowMs: number): Item {
    return { expires_at: { N: String(Math.floor(nowMs / 1000) + windowHours * 3600) } };
  }
}

/** Keys are hashed: they may say things about people. */
function callKey({ orgId, key }: KeyedCall): Item {
  return {
    pk: { S: `CALL#${orgId}#${createHash('sha256').update(key).digest('base64url')}` },
    sk: { S: 'CALL' },
  };
}

/** @returns the item for which the write's condition did not hold; undefined when it did */
async function conflicting(write: Promise<unknown>): Promise<Item | undefined> {
  const refusal = await refusalOf(write);
  if (refusal && !refusal.Item) throw refusal;
  return refusal?.Item;
}
