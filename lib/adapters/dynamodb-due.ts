import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DueDeliveries, DueDelivery, DueFanOut, DuePage } from '../app/ports/events.ts';
import {
  deliveryDue,
  deliveryKey,
  deliveryKeyOf,
  dueAgainAfter,
  dueAttributes,
  dueMinute,
  dueShards,
} from './delivery-items.ts';
import { chunks } from '../core/chunks.ts';
import { conditionHeld } from './dynamodb-condition.ts';
import { type Item } from './dynamodb-batch.ts';
import { fanOutKey, jobKey } from './fan-out-items.ts';
import { watchKey, watched } from './job-watch-items.ts';

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

    async woken({ deliveries, fanOuts, replays, streams }, nowMs) {
      const againMs = dueAgainAfter(nowMs);
      const again = (name: string) => dueAttributes(name, againMs);
      const moves = [
        ...deliveries.map((one) => () => {
          const { attemptsMade: count, foundAt } = one;
          return move(deliveryKey(one), { count, foundAt }, deliveryDue(one, againMs));
        }),
        ...fanOuts.map(
          ({ eventId, pages }) =>
            () =>
              move(jobKey(eventId), { count: pages }, again(eventId)),
        ),
        ...replays.map((id) => () => move(watchKey('REPLAY', id), { count: 0 }, again(id))),
        ...streams.map((id) => () => move(watchKey('STREAM', id), { count: 0 }, again(id))),
      ];
      for (const some of chunks(moves, updatesAtOnce)) await Promise.all(some.map((run) => run()));
    },
  };

  /** What is due in a minute, page by page; all shards are asked at once. */
  async function* dueIn(minute: number, nowMs: number): AsyncIterable<DuePage> {
    const shards = Array.from({ length: dueShards }, (_, shard) => dueMinute(minute, shard));
    const firstPages = await Promise.all(shards.map((shard) => page(shard, nowMs, undefined)));
    for (const [index, first] of firstPages.entries()) {
      let current = first;
      for (;;) {
        if (current.count > 0) yield current.due;
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
        IndexName: 'listing',
        KeyConditionExpression: 'listing = :minute AND listed_at <= :now',
        ExpressionAttributeValues: {
          ':minute': { S: minuteAndShard },
          // What is due in this very millisecond has a tail behind it.
          ':now': { S: `${new Date(nowMs).toISOString()}~` },
        },
        Limit: pageSize,
        ExclusiveStartKey: from,
      }),
    );
    return { due: duePage(Items), count: Items.length, next: LastEvaluatedKey as typeof from };
  }

  /**
   * Only while it still stands as the index said; the index may be a moment behind. What puts a delivery off leaves its
   * count as it is, but not its place.
   */
  async function move(Key: Item, { count, foundAt }: Standing, { listing, listed_at }: Item): Promise<void> {
    const isThere = 'attempt_count = :count AND attribute_exists(listing)';
    await conditionHeld(
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          UpdateExpression: 'SET listing = :listing, listed_at = :at',
          ConditionExpression: foundAt === undefined ? isThere : `${isThere} AND listed_at = :was`,
          ExpressionAttributeValues: {
            ':listing': listing!,
            ':at': listed_at!,
            ':count': { N: String(count) },
            ...(foundAt !== undefined && { ':was': { S: foundAt } }),
          },
        }),
      ),
    );
  }
}

/** How something stood when the index was read. */
interface Standing {
  readonly count: number;
  readonly foundAt?: string;
}

/** The index holds deliveries, fan-out jobs and what watches over replays and streams. */
function duePage(items: readonly Item[]): DuePage {
  const countOf = (item: Item) => Number(item['attempt_count']!.N);
  const watches = { REPLAY: [] as string[], STREAM: [] as string[] };
  const page = {
    deliveries: [] as DueDelivery[],
    fanOuts: [] as DueFanOut[],
    replays: watches.REPLAY,
    streams: watches.STREAM,
  };
  for (const item of items) {
    const pk = item['pk']!.S!;
    const watch = watched(pk);
    if (watch) watches[watch.job].push(watch.id);
    else if (pk.startsWith(fanOutKey(''))) {
      page.fanOuts.push({ eventId: pk.slice(fanOutKey('').length), pages: countOf(item) });
    } else {
      const foundAt = item['listed_at']!.S!;
      page.deliveries.push({ ...deliveryKeyOf(item), attemptsMade: countOf(item), foundAt });
    }
  }
  return page;
}
