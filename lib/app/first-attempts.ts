import { setTimeout as wait } from 'node:timers/promises';
import { type Delivery, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { FirstDelivery } from '../core/journal.ts';
import type { NextSlot } from './endpoint-slots.ts';
import type { EventBody, WakeUp } from './ports/wake-ups.ts';
import type { EndpointSender } from './ports/endpoint-sender.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';
import { wakeUpFor } from './wake-up-for.ts';

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
      const slotAtMs = nextSlot(endpoint);
      const delivery = newDelivery(endpoint, eventId, slotAtMs, dependencies.now());
      return { endpoint, delivery: await attemptFirst(dependencies, endpoint, delivery, body, deadlineMs) };
    }),
  );
}

function newDelivery(
  { id: endpointId, orgId }: Endpoint,
  eventId: string,
  slotAtMs: number | undefined,
  createdAtMs: number,
): Delivery {
  const nextAttemptAtMs = slotAtMs ?? createdAtMs;
  const slot = slotAtMs !== undefined && { slotAtMs };
  return { eventId, endpointId, orgId, state: 'queued', attempts: [], createdAtMs, nextAttemptAtMs, ...slot };
}

async function attemptFirst(
  dependencies: FirstAttemptDependencies,
  endpoint: Endpoint,
  delivery: Delivery,
  body: EventBody,
  deadlineMs: number,
): Promise<Delivery> {
  const { sender, gate, heldMs, now } = dependencies;
  if (endpoint.status === 'paused') return hold(delivery, now() + heldMs);
  const waitMs = delivery.nextAttemptAtMs! - now();
  if (waitMs > 0) {
    if (delivery.nextAttemptAtMs! >= deadlineMs) return delivery;
    await wait(waitMs);
  }
  const passage = gate.passage(endpoint);
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

/** Those that need a row of their own. */
export function unfinishedOf(outcomes: readonly FirstOutcome[]): FirstOutcome[] {
  return outcomes.filter(({ delivery }) => delivery.state !== 'delivered');
}

/** The wake-ups that are due soon, each for the lane of its endpoint. */
export function wakeUpsFor(
  { gate, now }: Pick<FirstAttemptDependencies, 'gate' | 'now'>,
  outcomes: readonly FirstOutcome[],
  body: EventBody,
): WakeUp[] {
  const nowMs = now();
  return outcomes.flatMap(
    ({ endpoint, delivery }) => wakeUpFor(delivery, nowMs, gate.lane(endpoint), body) ?? [],
  );
}
