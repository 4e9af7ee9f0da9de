import { setTimeout as wait } from 'node:timers/promises';
import { type Delivery, type RateSlot, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { FirstDelivery } from '../core/journal.ts';
import type { NextSlot } from './endpoint-slots.ts';
import type { EventBody, WakeUp } from './ports/wake-ups.ts';
import type { EndpointSender } from './ports/endpoint-sender.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';
import { inLane, wakeUpFor } from './wake-up-for.ts';

export interface FirstAttemptDependencies extends SettleDependencies {
  readonly sender: EndpointSender;
}

/** A delivery as the invocation that made it leaves it. */
export interface FirstOutcome {
  readonly endpoint: Endpoint;
  readonly delivery: Delivery;
}

/**
 * Makes the first attempt at each endpoint that receives an event, but for those that are slow or broken, or whose time
 * has not come.
 * @param deadlineMs when unfinished attempts are aborted, milliseconds since 1970
 */
export function deliverFirst(
  dependencies: FirstAttemptDependencies,
  eventId: string,
  body: EventBody,
  endpoints: readonly Endpoint[],
  nextSlot: NextSlot,
  deadlineMs: number,
): Promise<FirstOutcome[]> {
  return Promise.all(
    endpoints.map(async (endpoint) => {
      const delivery = newDelivery(endpoint, eventId, nextSlot(endpoint), dependencies.now());
      return { endpoint, delivery: await attemptFirst(dependencies, endpoint, delivery, body, deadlineMs) };
    }),
  );
}

function newDelivery(
  { id: endpointId, orgId }: Endpoint,
  eventId: string,
  slot: RateSlot | undefined,
  createdAtMs: number,
): Delivery {
  const due = { nextAttemptAtMs: slot?.atMs ?? createdAtMs, ...(slot && { slot }) };
  return { eventId, endpointId, orgId, state: 'queued', attempts: [], createdAtMs, ...due };
}

async function attemptFirst(
  dependencies: FirstAttemptDependencies,
  endpoint: Endpoint,
  delivery: Delivery,
  body: EventBody,
  deadlineMs: number,
): Promise<Delivery> {
  const { sender, gate, heldMs, now, random } = dependencies;
  if (endpoint.status === 'paused') return hold(delivery, now() + heldMs);
  const waitMs = delivery.nextAttemptAtMs! - now();
  if (waitMs > 0) {
    if (delivery.nextAttemptAtMs! >= deadlineMs) return delivery;
    await wait(waitMs);
  }
  const passage = gate.passage(endpoint);
  if (passage.is === 'slow' && passage.inMs !== undefined) {
    // Not all of a burst at once.
    const laterMs = now() + passage.inMs * (1 + random());
    return { ...delivery, nextAttemptAtMs: Math.max(delivery.nextAttemptAtMs!, laterMs) };
  }
  if (passage.is !== 'open') return delivery;
  const { patienceMs } = passage;
  const times = { beginByMs: deadlineMs, endByMs: deadlineMs, patienceMs };
  const attempt = await sender.attempt(endpoint, delivery.eventId, body, times);
  if (attempt === undefined) return delivery;
  return settleAttempt(dependencies, endpoint, delivery, attempt);
}

/** What the journal keeps of a delivery. Where that is not its end, its row knows how it goes on. */
export function firstDelivery({ endpointId, orgId, state, attempts }: Delivery): FirstDelivery {
  return { endpointId, orgId, state, attempts };
}

/** Those that need a row of their own, each for the lane of its endpoint. */
export function unfinishedOf(
  { gate }: Pick<FirstAttemptDependencies, 'gate'>,
  outcomes: readonly FirstOutcome[],
): Delivery[] {
  return outcomes.flatMap(({ endpoint, delivery }) =>
    delivery.state === 'delivered' ? [] : inLane(delivery, gate.lane(endpoint)),
  );
}

/** The wake-ups that are due soon. */
export function wakeUpsFor(
  { now }: Pick<FirstAttemptDependencies, 'now'>,
  deliveries: readonly Delivery[],
  body: EventBody,
): WakeUp[] {
  const nowMs = now();
  return deliveries.flatMap((delivery) => wakeUpFor(delivery, nowMs, body) ?? []);
}
