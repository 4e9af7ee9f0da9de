import { setTimeout as wait } from 'node:timers/promises';
import {
  type CancellationReason,
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import type { PublishedEvent, PublishedEvents } from '../app/ports/published-events.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { claimKey, orgScope } from './claim-items.ts';
import { deliveryItem } from './delivery-items.ts';
import { type Item, getAll } from './dynamodb-batch.ts';
import { expiry } from './event-items.ts';
import { jobItem } from './fan-out-items.ts';
import { journalItems } from './journal-items.ts';

/** Items that DynamoDB takes in one transaction. */
const mostItems = 100;
const transactionsAtOnce = 4;
/** Tries of one transaction against others that write the same claims. */
const mostTries = 10;
/** A transaction that was cancelled for one of these alone may go through when it is tried again. */
const passing = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

export interface PublishedEventTerms {
  readonly retentionDays: number;
  /** How long a given id is an event's alone. */
  readonly windowHours: number;
}

/**
 * Published events in the events table. As many as fit are one transaction: their journal, with the claims of their
 * given ids, their deliveries and fan-out jobs. A claim is kept as long as its event, which is found by it.
 */
export function createPublishedEvents(
  client: DynamoDBClient,
  table: string,
  { retentionDays, windowHours }: PublishedEventTerms,
  now: () => number,
): PublishedEvents {
  return {
    async write(orgId, events) {
      const nowMs = now();
      const batches = packed(events, nowMs, retentionDays);
      const holders = await mapAtOnce(batches, transactionsAtOnce, (some) => writeWhole(orgId, some, nowMs));
      return holders.flat();
    },

    async holders(orgId, givenIds) {
      const idOf = new Map(givenIds.map((id) => [keyOf(orgId, id)['pk']!.S!, id]));
      const keys = givenIds.map((id) => keyOf(orgId, id));
      const held = (await getAll(client, table, keys)).filter(
        (item) => Number(item['held_until']!.N) > seconds(now()),
      );
      return new Map(held.map(({ pk, event_id }) => [idOf.get(pk!.S!)!, event_id!.S!]));
    },

    async named(orgId, givenId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: keyOf(orgId, givenId), ConsistentRead: true }),
      );
      return Item?.['event_id']!.S;
    },
  };

  /** @returns as `write` does */
  async function writeWhole(
    orgId: string,
    events: readonly PublishedEvent[],
    nowMs: number,
  ): Promise<string[]> {
    const holders = new Map<PublishedEvent, string>();
    let rest = events;
    for (let tries = 1; rest.length > 0;) {
      const claiming = rest.filter(({ event }) => event.givenId !== undefined);
      const writes = [
        ...claiming.map((one) => claim(orgId, one, nowMs)),
        ...eventItems(rest, nowMs, retentionDays).map((one) => put(one, nowMs)),
      ];
      try {
        await client.send(new TransactWriteItemsCommand({ TransactItems: writes }));
        break;
      } catch (error) {
        const reasons = cancelledFor(error);
        for (const [at, one] of claiming.entries()) {
          const holder = holderOf(reasons[at]);
          if (holder !== undefined && holder !== one.event.id) holders.set(one, holder);
        }
        const { length } = rest;
        rest = rest.filter((one) => !holders.has(one));
        if (rest.length < length) continue;
        // All of it is there: an earlier try, of which nobody heard, went through.
        if (reasons.length === writes.length && reasons.every(isThere)) break;
        const isPassing = reasons.every(({ Code = 'None' }) => Code === 'None' || passing.has(Code));
        if (!isPassing || tries++ === mostTries) throw error;
        await wait(Math.min(10 * 2 ** tries, 500) * Math.random());
      }
    }
    return events.map((one) => holders.get(one) ?? one.event.id);
  }

  function claim(
    orgId: string,
    { event: { id, givenId } }: PublishedEvent,
    nowMs: number,
  ): TransactWriteItem {
    const heldUntil = seconds(nowMs) + windowHours * 3600;
    return {
      Put: {
        TableName: table,
        Item: {
          ...keyOf(orgId, givenId!),
          event_id: { S: id },
          held_until: { N: String(heldUntil) },
          ...expiry(nowMs, Math.max(retentionDays, Math.ceil(windowHours / 24))),
        },
        ConditionExpression: 'attribute_not_exists(pk) OR held_until <= :now',
        ExpressionAttributeValues: { ':now': { N: String(seconds(nowMs)) } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    };
  }

  /** New, for otherwise a repeat would undo what became of a delivery. */
  function put(item: Item, nowMs: number): TransactWriteItem {
    return {
      Put: {
        TableName: table,
        Item: { ...expiry(nowMs, retentionDays), ...item },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    };
  }
}

/** Everything of the events but their claims. */
function eventItems(events: readonly PublishedEvent[], nowMs: number, retentionDays: number): Item[] {
  const jobs = events.filter(({ event }) => event.fanOut);
  const journal = events.map(({ event }) => event);
  return [
    ...journalItems(journal, nowMs),
    ...jobs.map(({ event }) =>
      jobItem({ eventId: event.id, createdAtMs: nowMs, pages: 0, done: false }, nowMs),
    ),
    ...events.flatMap(({ deliveries }) =>
      deliveries.map((delivery) => deliveryItem(delivery, nowMs, retentionDays)),
    ),
  ];
}

/** The events in as many batches as transactions need. */
function packed(
  events: readonly PublishedEvent[],
  nowMs: number,
  retentionDays: number,
): (readonly PublishedEvent[])[] {
  const claims = events.filter(({ event }) => event.givenId !== undefined);
  if (events.length <= 1 || claims.length + eventItems(events, nowMs, retentionDays).length <= mostItems)
    return [events];
  const middle = Math.ceil(events.length / 2);
  const halves = [events.slice(0, middle), events.slice(middle)];
  return halves.flatMap((half) => packed(half, nowMs, retentionDays));
}

/** @throws the error where it is not that of a cancelled transaction */
function cancelledFor(error: unknown): readonly CancellationReason[] {
  if (error instanceof TransactionCanceledException && error.CancellationReasons)
    return error.CancellationReasons;
  throw error;
}

/** Whether a condition, which each write has, says that its item is there already. */
function isThere({ Code }: CancellationReason): boolean {
  return Code === 'ConditionalCheckFailed';
}

/** The id of the event that has the claim. */
function holderOf(reason: CancellationReason | undefined): string | undefined {
  return reason && isThere(reason) ? reason.Item!['event_id']!.S! : undefined;
}

function keyOf(orgId: string, givenId: string): Item {
  return claimKey(orgScope(orgId), givenId);
}

function seconds(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}
