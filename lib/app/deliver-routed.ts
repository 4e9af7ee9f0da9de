import type { Delivery } from '../core/delivery.ts';
import type { JournalEvent } from '../core/journal.ts';
import { type NextSlot, reserveSlots } from './endpoint-slots.ts';
import {
  type FirstAttemptDependencies,
  type FirstOutcome,
  deliverFirst,
  firstDelivery,
  unfinishedOf,
  wakeUpsFor,
} from './first-attempts.ts';
import type { FanOutQueue } from './ports/fan-outs.ts';
import type { RateSlots } from './ports/rate-slots.ts';
import { type RoutedEvent, toNobody } from './route-events.ts';
import { type SendWakeUpDependencies, sendWakeUps } from './send-wake-ups.ts';

export interface DeliverRoutedDependencies extends FirstAttemptDependencies {
  /** Milliseconds that first attempts may take in one invocation; 0 for none. */
  readonly inlineBudgetMs: number;
  readonly slots: RateSlots;
}

/** An event's journal entry, and the deliveries that did not end inside this invocation. */
export interface DeliveredEvent {
  readonly event: JournalEvent;
  readonly unfinished: readonly Delivery[];
}

/** Deliveries that an invocation makes itself: of each event, and in all. */
export interface DeliveryBounds {
  readonly ofEach?: number;
  readonly inAll: number;
}

/** The events, of which those beyond the bounds are left to fan-out jobs. */
export function withinBounds(
  routed: readonly RoutedEvent[],
  { ofEach = Infinity, inAll }: DeliveryBounds,
): RoutedEvent[] {
  let deliveries = 0;
  return routed.map((one) => {
    const { length } = one.routing.endpoints;
    if (one.event.target.type === 'single' || (length <= ofEach && deliveries + length <= inAll)) {
      deliveries += length;
      return one;
    }
    return { ...one, routing: toNobody, needsFanOut: true };
  });
}

/** Makes the first attempts within the budget. @returns what is to be stored, in their order */
export async function deliverRouted(
  dependencies: DeliverRoutedDependencies,
  routed: readonly RoutedEvent[],
): Promise<DeliveredEvent[]> {
  const { slots, inlineBudgetMs, now } = dependencies;
  const receivers = routed.flatMap(({ routing }) => routing.endpoints);
  const nextSlot = await reserveSlots(slots, receivers);
  const attemptsEndMs = now() + inlineBudgetMs;
  const attempted = await Promise.all(
    routed.map((event) => deliverEvent(dependencies, event, nextSlot, attemptsEndMs)),
  );
  // By then the gate knows what all of them have found out.
  return attempted.map(({ event, outcomes }) => ({
    event,
    unfinished: unfinishedOf(dependencies, outcomes),
  }));
}

async function deliverEvent(
  dependencies: FirstAttemptDependencies,
  routed: RoutedEvent,
  nextSlot: NextSlot,
  deadlineMs: number,
): Promise<{ event: JournalEvent; outcomes: readonly FirstOutcome[] }> {
  const { id, timeMs, address, event, routing, duplicateOf, needsFanOut, transformVersion } = routed;
  const { endpoints, notDelivered, moreNotDelivered } = routing;
  const outcomes = await deliverFirst(dependencies, id, event, endpoints, nextSlot, deadlineMs);
  const journalled: JournalEvent = {
    ...event,
    id,
    timeMs,
    address,
    ...(duplicateOf && { duplicateOf }),
    ...(transformVersion && { transformVersion }),
    ...(needsFanOut && { fanOut: 'running' }),
    deliveries: outcomes.map(({ delivery }) => firstDelivery(delivery)),
    notDelivered,
    moreNotDelivered,
  };
  return { event: journalled, outcomes };
}

export interface SendOnDependencies extends Pick<FirstAttemptDependencies, 'now'>, SendWakeUpDependencies {
  readonly fanOutQueue: FanOutQueue;
}

/**
 * Has stored events gone on with. What no message is sent for stays due, and the sweep sends another.
 * @returns why messages could not be sent, if so
 */
export async function sendOn(
  dependencies: SendOnDependencies,
  delivered: readonly DeliveredEvent[],
): Promise<unknown> {
  const { fanOutQueue } = dependencies;
  const fanOuts = delivered.filter(({ event }) => event.fanOut).map(({ event }) => event.id);
  const wakeUps = delivered.flatMap(({ event, unfinished }) => wakeUpsFor(dependencies, unfinished, event));
  const rows = delivered.flatMap(({ unfinished }) => unfinished);
  const results = await Promise.allSettled([
    sendWakeUps(dependencies, wakeUps, rows),
    fanOutQueue.send(fanOuts),
  ]);
  return results.find((result) => result.status === 'rejected')?.reason;
}
