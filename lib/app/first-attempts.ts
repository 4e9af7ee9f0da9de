import { type Delivery, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { JournalEvent } from '../core/journal.ts';
import type { RecordEvent } from '../core/record-event.ts';
import type { EventBody } from './ports/wake-ups.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import type { RoutedEvent } from './route-records.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';

export interface FirstAttemptDependencies extends SettleDependencies {
  readonly source: { readonly number: number };
  readonly sender: WebhookSender;
}

/** What became of an event inside its invocation. */
export interface Outcome {
  readonly event: JournalEvent;
  /** The deliveries that did not end inside this invocation. */
  readonly unfinished: readonly { delivery: Delivery; body: EventBody }[];
}

/**
 * Makes the first attempt at each endpoint that receives an event.
 * @param deadlineMs when unfinished attempts are aborted, milliseconds since 1970
 */
export async function deliverFirst(
  dependencies: FirstAttemptDependencies,
  { id, record, event, routing, duplicateOf }: RoutedEvent,
  deadlineMs: number,
): Promise<Outcome> {
  const deliveries = await Promise.all(
    routing.endpoints.map((endpoint) => attemptFirst(dependencies, endpoint, id, event, deadlineMs)),
  );
  const { partition, offset, timestampMs } = record;
  return {
    event: {
      ...event,
      id,
      timeMs: timestampMs,
      address: { source: dependencies.source.number, partition, offset, index: 0 },
      ...(duplicateOf && { duplicateOf }),
      deliveries: deliveries.map(({ endpointId, orgId, state, attempts }) => ({
        endpointId,
        orgId,
        state,
        attempts,
      })),
      notDelivered: routing.notDelivered,
      moreNotDelivered: routing.moreNotDelivered,
    },
    unfinished: deliveries
      .filter(({ state }) => state !== 'delivered')
      .map((delivery) => ({ delivery, body: event })),
  };
}

async function attemptFirst(
  dependencies: FirstAttemptDependencies,
  endpoint: Endpoint,
  eventId: string,
  event: RecordEvent,
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
  const attempt = await sender.attempt(endpoint, eventId, event, {
    beginByMs: deadlineMs,
    endByMs: deadlineMs,
  });
  if (attempt === undefined) return delivery;
  return settleAttempt(dependencies, endpoint, delivery, attempt);
}
