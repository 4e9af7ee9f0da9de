import { randomBytes } from 'node:crypto';
import { BatchWriteItemCommand, type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { EndpointCounter, EndpointCountReader } from '../app/ports/endpoint-counts.ts';
import { chunks } from '../core/chunks.ts';
import {
  type HourCounts,
  counted,
  emptyHour,
  firstRecentHour,
  hourOf,
  lastSuccessOf,
  recentCounts,
} from '../core/endpoint-counts.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { type Item, mostAtOnce } from './dynamodb-batch.ts';
import { countItem, countPartition, countSortKey, readCountItem } from './endpoint-count-items.ts';
import { errorFields, log } from './log.ts';

/** What this environment has counted of an endpoint in one hour: one item. */
interface Tally {
  /** Its endpoint's. */
  readonly partition: string;
  /** Its own: an endpoint that was dropped and comes again in the same hour gets another item. */
  readonly id: string;
  hour: HourCounts;
}

/** Endpoints that are remembered; the least recently attempted are dropped first. */
const mostEndpoints = 10_000;
/** Hours of an endpoint that are remembered: the present one, and one whose end may not be written yet. */
const mostHours = 2;
const flushEveryMs = 1_000;
/** DynamoDB's limit on one call. */
const mostPuts = 25;

/**
 * Counts as items of the events table: one for each endpoint, clock hour and environment, which that environment alone
 * writes, all of it each time. So writing twice does no harm, and no item is written by many at once.
 */
export function createEndpointCounts(
  client: DynamoDBClient,
  table: string,
  now: () => number,
): EndpointCounter & EndpointCountReader {
  const environmentId = randomBytes(9).toString('base64url');
  let made = 0;
  const known = new Map<string, Tally[]>();
  let changed = new Set<Tally>();
  let flushedAtMs = -Infinity;

  return {
    record(endpoint, more) {
      const atMs = now();
      const tally = tallyOf(countPartition(endpoint), atMs);
      tally.hour = counted(tally.hour, more, atMs);
      changed.add(tally);
    },

    async flush() {
      if (changed.size === 0 || now() - flushedAtMs < flushEveryMs) return;
      flushedAtMs = now();
      const tallies = [...changed];
      changed = new Set();
      await mapAtOnce(chunks(tallies, mostPuts), mostAtOnce, write);
      dropOldest();
    },

    async read(endpoint, nowMs) {
      return recentCounts(await hoursSince(countPartition(endpoint), firstRecentHour(nowMs)), nowMs);
    },

    async lastSuccessMs(endpoint, sinceMs) {
      const partition = countPartition(endpoint);
      const here = (known.get(partition) ?? []).map(({ hour }) => hour);
      const last = lastSuccessOf([...here, ...(await hoursSince(partition, hourOf(sinceMs)))]);
      return last !== undefined && last >= sinceMs ? last : undefined;
    },
  };

  function tallyOf(partition: string, atMs: number): Tally {
    const tallies = known.get(partition) ?? [];
    known.delete(partition);
    const last = tallies.at(-1);
    const isCurrent = last?.hour.beginsMs === hourOf(atMs);
    const tally = isCurrent ? last : { partition, id: `${environmentId}.${made++}`, hour: emptyHour(atMs) };
    known.set(partition, isCurrent ? tallies : [...tallies, tally].slice(-mostHours));
    return tally;
  }

  /** Tried once: an invocation does not wait for a table that is busy. */
  async function write(tallies: readonly Tally[]): Promise<void> {
    const nowMs = now();
    const puts = tallies.map(({ partition, id, hour }) => ({
      PutRequest: { Item: countItem(partition, id, hour, nowMs) },
    }));
    try {
      const request = new BatchWriteItemCommand({ RequestItems: { [table]: puts } });
      const { UnprocessedItems } = await client.send(request);
      const refused = UnprocessedItems?.[table]?.length ?? 0;
      if (refused > 0) throw new Error(`table ${table} refused ${refused} items`);
    } catch (error) {
      for (const tally of tallies) changed.add(tally);
      log('WARN', 'endpoint counts not written', { endpoints: tallies.length, ...errorFields(error) });
    }
  }

  /** What was not written of them is lost: memory is worth more than counts. */
  function dropOldest(): void {
    for (const [partition, tallies] of known) {
      if (known.size <= mostEndpoints) break;
      known.delete(partition);
      for (const tally of tallies) changed.delete(tally);
    }
  }

  async function hoursSince(partition: string, fromMs: number): Promise<HourCounts[]> {
    const pages = paginateQuery(
      { client },
      {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk >= :from',
        ExpressionAttributeValues: {
          ':pk': { S: partition },
          ':from': { S: countSortKey(hourOf(fromMs)) },
        },
        ConsistentRead: true,
      },
    );
    const items: Item[] = [];
    for await (const { Items = [] } of pages) items.push(...Items);
    return items.map(readCountItem);
  }
}
