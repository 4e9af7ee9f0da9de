import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DueDeliveries, DueDelivery } from '../app/ports/events.ts';
import { deliveryKey, dueAgainAfter, dueAttributes, dueMinute, dueShards } from './delivery-items.ts';
import { chunks } from './dynamodb-batch.ts';

/** Minutes that are looked at again, for rows that were written late or showed up late in the index. */
const trailingMinutes = 5;
const pageSize = 100;
/** How often the cursor is written while many minutes are caught up. */
const minutesACursor = 10;
const updatesAtOnce = 20;
const cursorKey = { pk: { S: 'SWEEP' }, sk: { S: 'CURSOR' } };

/** The index of due minutes. A cursor item tells where the last finished sweep began, so none is left out after a pause. */
export function createDueDeliveries(client: DynamoDBClient, table: string): DueDeliveries {
  const writeCursor = async (minute: number) => {
    const Item = { ...cursorKey, minute: { N: String(minute) } };
    await client.send(new PutItemCommand({ TableName: table, Item }));
  };
  const firstMinute = async (nowMinute: number) => {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: cursorKey }));
    const earliest = nowMinute - trailingMinutes;
    // The very first sweep: should it fail, the next begins where this one did.
    if (!Item) await writeCursor(earliest);
    return Math.min(Number(Item?.['minute']?.N ?? earliest), earliest);
  };

  return {
    async *due(nowMs) {
      const nowMinute = Math.floor(nowMs / 60_000);
      const last = nowMinute - trailingMinutes;
      for (let minute = await firstMinute(nowMinute); minute <= nowMinute; minute++) {
        yield* dueIn(minute, nowMs);
        // A sweep that is cut short, after a long pause, leaves the next one less to do.
        if (minute <= last && minute % minutesACursor === 0) await writeCursor(minute);
      }
      await writeCursor(last);
    },

    async woken(deliveries, nowMs) {
      for (const some of chunks(deliveries, updatesAtOnce)) {
        await Promise.all(some.map((delivery) => postpone(delivery, nowMs)));
      }
    },
  };

  /** What is due in a minute, page by page; all shards are asked at once. */
  async function* dueIn(minute: number, nowMs: number): AsyncIterable<DueDelivery[]> {
    const shards = Array.from({ length: dueShards }, (_, shard) => dueMinute(minute, shard));
    const firstPages = await Promise.all(shards.map((shard) => page(shard, nowMs, undefined)));
    for (const [index, first] of firstPages.entries()) {
      let current = first;
      for (;;) {
        if (current.deliveries.length > 0) yield current.deliveries;
        if (!current.next) break;
        current = await page(shards[index]!, nowMs, current.next);
      }
    }
  }

  async function page(
    minuteAndShard: string,
    nowMs: number,
    from: Record<string, { S: string }> | undefined,
  ) {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'due',
        KeyConditionExpression: 'due_minute = :minute AND due_at <= :now',
        ExpressionAttributeValues: {
          ':minute': { S: minuteAndShard },
          ':now': { S: new Date(nowMs).toISOString() },
        },
        Limit: pageSize,
        ExclusiveStartKey: from,
      }),
    );
    const deliveries = Items.map((item) => ({
      eventId: item['pk']!.S!.slice('DELIVERY#'.length),
      endpointId: item['sk']!.S!,
      attemptsMade: Number(item['attempt_count']!.N),
    }));
    return { deliveries, next: LastEvaluatedKey as typeof from };
  }

  /** Only while the delivery still stands as the index said; the index may be a moment behind. */
  async function postpone(delivery: DueDelivery, nowMs: number): Promise<void> {
    const { due_minute, due_at } = dueAttributes(delivery.eventId, dueAgainAfter(nowMs));
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: deliveryKey(delivery),
          UpdateExpression: 'SET due_minute = :minute, due_at = :at',
          ConditionExpression: 'attempt_count = :attempts AND attribute_exists(due_minute)',
          ExpressionAttributeValues: {
            ':minute': due_minute!,
            ':at': due_at!,
            ':attempts': { N: String(delivery.attemptsMade) },
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
