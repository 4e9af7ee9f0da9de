import { type Delivery, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { FirstDelivery } from '../core/journal.ts';
import type { EventBody } from './ports/wake-ups.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';

export interface FirstAttemptDependencies extends SettleDependencies {
  readonly sender: WebhookSender;
}

/**
 * Makes the first attempt at each endpoint that receives an event.
 * @param deadlineMs when unfinished attempts are aborted, milliseconds since 1970
 * @returns how each delivery stands then
 */
export function deliverFirst(
  dependencies: FirstAttemptDependencies,
  eventId: string,
  body: EventBody,
  endpoints: readonly Endpoint[],
  deadlineMs: number,
): Promise<Delivery[]> {
  return Promise.all(
    endpoints.map((endpoint) => attemptFirst(dependencies, endpoint, eventId, body, deadlineMs)),
  );
}

async function attemptFirst(
  dependencies: FirstAttemptDependencies,
  endpoint: Endpoint,
  eventId: string,
  body: EventBody,
  deadlineMs: number,
): Promise<Delivery> {
  const { sender, now } = dependencies;
  const { id: endpointId, orgId } = endpoint;
  const createdAtMs = now();
  const delivery: Delivery = {
    eventId,
    endpointId,
    orgId,
    state: 'queued',
    attempts: [],
    createdAtMs,
    nextAttemptAtMs: createdAtMs,
  };
  if (endpoint.status === 'paused') return hold(delivery, now());
  const attempt = await sender.attempt(endpoint, eventId, body, {
    beginByMs: deadlineMs,
    endByMs: deadlineMs,
  });
  if (attempt === undefined) return delivery;
  return settleAttempt(dependencies, endpoint, delivery, attempt);
}

/** What the journal keeps of a delivery. Where that is not its end, its row knows how it goes on. */
export function firstDelivery({ endpointId, orgId, state, attempts }: Delivery): FirstDelivery {
  return { endpointId, orgId, state, attempts };
}

/** The deliveries that need a row of their own. */
export function unfinishedOf(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ state }) => state !== 'delivered');
}
