import { mostWakeUpDelayMs } from '../app/ports/wake-ups.ts';
import type { DeliveryKey } from '../app/ports/events.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Item } from './dynamodb-batch.ts';

/** Due deliveries of one minute are spread over this many partition keys. */
export const dueShards = 4;
/** How much later than its wake-up a delivery is found by the sweep, when the wake-up was lost. */
const wakeUpGraceMs = 3 * 60_000;
const sweptGraceMs = 10 * 60_000;

export function deliveryKey({ eventId, endpointId }: DeliveryKey): Item {
  return { pk: { S: `DELIVERY#${eventId}` }, sk: { S: endpointId } };
}

/** A delivery's item. While something is due it also stands in the index of due minutes. */
export function deliveryItem(delivery: Delivery, nowMs: number): Item {
  return {
    ...deliveryKey(delivery),
    attempt_count: { N: String(delivery.attempts.length) },
    delivery: { S: JSON.stringify(delivery) },
    ...(delivery.nextAttemptAtMs !== undefined && dueAttributes(delivery.eventId, dueAt(delivery, nowMs))),
  };
}

export function deliveryOf(item: Item): Delivery {
  return JSON.parse(item['delivery']!.S!) as Delivery;
}

/** A queued delivery that a wake-up was sent for is due for the sweep only when that wake-up must have been lost. */
function dueAt({ state, nextAttemptAtMs }: Delivery, nowMs: number): number {
  const woken = state === 'queued' && nextAttemptAtMs! - nowMs <= mostWakeUpDelayMs;
  return woken ? Math.max(nextAttemptAtMs!, nowMs) + wakeUpGraceMs : nextAttemptAtMs!;
}

/** Attributes of the index of due minutes; after a wake-up of the sweep's own, the same for a later minute. */
export function dueAttributes(eventId: string, dueMs: number): Item {
  return {
    listing: { S: dueMinute(Math.floor(dueMs / 60_000), shardOf(eventId)) },
    listed_at: { S: new Date(dueMs).toISOString() },
  };
}

/** When a delivery that the sweep has woken is due again. Long enough for a queue that is behind to come to it. */
export function dueAgainAfter(nowMs: number): number {
  return nowMs + sweptGraceMs;
}

export function dueMinute(minute: number, shard: number): string {
  return `DUE#${minute}#${shard}`;
}

/** The last character of an event id is as good as random. */
function shardOf(eventId: string): number {
  return eventId.charCodeAt(eventId.length - 1) % dueShards;
}
