import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { countBy, newerOf } from '../app/api/event-state.ts';
import type { EventLists, ListedEvent } from '../app/ports/event-lists.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { deliveryKey, deliveryOf } from './delivery-items.ts';
import { type Item, getAll, itemsUnder, pagesUnder } from './dynamodb-batch.ts';
import { fanOutKey, firstStatesOf, jobKey, jobOf, listedOf, listedPrefix } from './fan-out-items.ts';

/** Jobs looked into at once: each may have many deliveries. */
const jobsAtOnce = 4;
/** Rows of deliveries of one event that are counted. */
const mostRows = 10_000;

/**
 * What jobs came to, from what they add up and from the rows of deliveries; never from their pages, which hold every
 * attempt.
 */
export function createFanOutStanding(client: DynamoDBClient, table: string): EventLists['fanOuts'] {
  return async (entries, orgId) => {
    const items = await getAll(
      client,
      table,
      entries.map(({ id }) => jobKey(id)),
    );
    const jobs = new Map(items.map((item) => [item['pk']!.S!, item]));
    return mapAtOnce(entries, jobsAtOnce, async (entry) => {
      const job = jobs.get(fanOutKey(entry.id));
      const isDone = job !== undefined && jobOf(job).done;
      const isShared = orgId !== undefined && entry.target.type === 'broadcast';
      const states = isShared ? await statesOf(entry, orgId) : await allStates(entry, job, isDone);
      return { fanOut: isDone ? 'done' : 'running', states };
    });
  };

  /** Of the deliveries of one org among others. */
  async function statesOf({ id }: ListedEvent, orgId: string): Promise<Record<string, number>> {
    const firsts = (await itemsUnder(client, table, fanOutKey(id), listedPrefix(orgId))).flatMap(listedOf);
    const keys = firsts.map(({ endpointId }) => deliveryKey({ eventId: id, endpointId }));
    const rows = (await getAll(client, table, keys)).map(deliveryOf);
    const own = rows.filter((row) => row.orgId === orgId).map((row) => [row.endpointId, row] as const);
    const byEndpoint = new Map(own);
    return countBy(firsts.map((first) => newerOf(first, byEndpoint.get(first.endpointId)).state));
  }

  /** Of all deliveries. What has no row was delivered at once; rows that are not counted are taken to be queued. */
  async function allStates(
    { id }: ListedEvent,
    job: Item | undefined,
    isDone: boolean,
  ): Promise<Record<string, number>> {
    const firsts = firstStatesOf(job);
    // Queued in any case, and soon looked at again.
    if (!isDone) return firsts;
    const rows: string[] = [];
    for await (const items of pagesUnder(client, table, `DELIVERY#${id}`)) {
      rows.push(...items.map((item) => deliveryOf(item).state));
      if (rows.length >= mostRows) break;
    }
    const total = Object.values(firsts).reduce((sum, count) => sum + count, 0);
    const unfinished = total - (firsts['delivered'] ?? 0);
    const states = countBy(rows);
    const add = (state: string, count: number) => {
      if (count > 0) states[state] = (states[state] ?? 0) + count;
    };
    add('delivered', total - Math.max(rows.length, unfinished));
    add('queued', unfinished - rows.length);
    return states;
  }
}
