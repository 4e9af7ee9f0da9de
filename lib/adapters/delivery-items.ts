import { rfc3339 } from '../app/api/rfc3339.ts';
import type { DeliveryKey } from '../app/ports/events.ts';
import { mostWakeUpDelayMs } from '../app/ports/wake-ups.ts';
import { type Delivery, type DeliveryState, attemptsMade } from '../core/delivery.ts';
import type { Item } from './dynamodb-batch.ts';
import { expiry } from './event-items.ts';

const dayMs = 86_400_000;
/** Due deliveries of one minute are spread over this many partition keys. */
export const dueShards = 4;
/** Deliveries of one endpoint and state are spread over as many. */
export const overviewShards = 4;
/** How much later than its wake-up a delivery is found by the sweep, when the wake-up was lost. */
const wakeUpGraceMs = 3 * 60_000;
/** The same in the lane of slow endpoints: there wake-ups wait for many attempts of seconds, and are not lost. */
const slowGraceMs = 30 * 60_000;
const sweptGraceMs = 10 * 60_000;
/** A row is there for so long after its end, and after what is due next: so each delivery ends visibly. */
const keptMs = 2 * dayMs;

export function deliveryKey({ eventId, endpointId }: DeliveryKey): Item {
  return { pk: { S: `DELIVERY#${eventId}` }, sk: { S: endpointId } };
}

/** The delivery that a key is of. */
export function deliveryKeyOf({ pk, sk }: Item): DeliveryKey {
  return { eventId: pk!.S!.slice('DELIVERY#'.length), endpointId: sk!.S! };
}

/**
 * A delivery's item. It stands in the list of its endpoint and state, and while something is due also in the index of
 * due minutes: by when it is due, or when it ended. It is kept as long as its event, and longer where it is not done with
 * by then: what puts deliveries off may take them beyond their schedule.
 */
export function deliveryItem(delivery: Delivery, nowMs: number, retentionDays: number): Item {
  const { eventId, endpointId, state, createdAtMs, nextAttemptAtMs } = delivery;
  const lastMs = Math.max(nextAttemptAtMs ?? 0, nowMs);
  return {
    ...deliveryKey(delivery),
    attempt_count: { N: String(attemptsMade(delivery)) },
    delivery: { S: deliveryText(delivery) },
    overview: { S: deliveriesList(endpointId, state, shardOf(eventId) % overviewShards) },
    listed_at: { S: listedAt(nowMs, delivery) },
    ...(nextAttemptAtMs !== undefined && deliveryDue(delivery, dueAt(delivery, nowMs))),
    ...expiry(Math.max(createdAtMs + retentionDays * dayMs, lastMs + keptMs), 0),
  };
}

/** The delivery as text: the same text for the same delivery, so that a write can depend on it. */
export function deliveryText(delivery: Delivery): string {
  return JSON.stringify(delivery);
}

export function deliveryOf(item: Item): Delivery {
  return JSON.parse(item['delivery']!.S!) as Delivery;
}

/** A shard of the list of an endpoint's deliveries in a state, as index key. */
export function deliveriesList(endpointId: string, state: DeliveryState, shard: number): string {
  return `DELIVERIES#${endpointId}#${state}#${shard}`;
}

/** A delivery's place in both indexes, which no other has. */
function listedAt(timeMs: number, { eventId, endpointId }: DeliveryKey): string {
  return `${rfc3339(timeMs)}#${eventId}.${endpointId}`;
}

/** A queued delivery that a wake-up was sent for is due for the sweep only when that wake-up must have been lost. */
function dueAt({ state, nextAttemptAtMs, inSlowLane }: Delivery, nowMs: number): number {
  const woken = state === 'queued' && nextAttemptAtMs! - nowMs <= mostWakeUpDelayMs;
  if (!woken) return nextAttemptAtMs!;
  return Math.max(nextAttemptAtMs!, nowMs) + (inSlowLane ? slowGraceMs : wakeUpGraceMs);
}

/** A delivery's attributes of the index of due minutes; after a wake-up of the sweep's own, the same for a later one. */
export function deliveryDue(key: DeliveryKey, dueMs: number): Item {
  return { ...dueAttributes(key.eventId, dueMs), listed_at: { S: listedAt(dueMs, key) } };
}

/**
 * Attributes of the index of due minutes.
 * @param name its last character picks the shard
 */
export function dueAttributes(name: string, dueMs: number): Item {
  return {
    listing: { S: dueMinute(Math.floor(dueMs / 60_000), shardOf(name)) },
    listed_at: { S: rfc3339(dueMs) },
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
