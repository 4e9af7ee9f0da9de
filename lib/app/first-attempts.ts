import { judge } from '../core/attempt.ts';
import { type Delivery, afterAttempt, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { JournalEvent } from '../core/journal.ts';
import type { RecordEvent } from '../core/record-event.ts';
import { defaultScheduleSeconds } from '../core/retry-schedule.ts';
import type { EndpointDisabler } from './ports/endpoints.ts';
import type { EventBody } from './ports/wake-ups.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import type { RoutedEvent } from './route-records.ts';

export interface FirstAttemptDependencies {
  readonly source: { readonly number: number };
  readonly endpoints: EndpointDisabler;
  readonly sender: WebhookSender;
  readonly now: () => number;
  readonly random: () => number;
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
      id,
      timeMs: timestampMs,
      address: { source: dependencies.source.number, partition, offset, index: 0 },
      eventType: event.eventType,
      data: event.data,
      headers: event.headers,
      droppedHeaders: event.droppedHeaders,
      target: event.target,
      ...(event.idempotencyKey && { idempotencyKey: event.idempotencyKey }),
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
  { endpoints, sender, now, random }: FirstAttemptDependencies,
  endpoint: Endpoint,
  eventId: string,
  event: RecordEvent,
  deadlineMs: number,
): Promise<Delivery> {
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
  if (judge(attempt) === 'gone') await endpoints.disableGone(endpointId);
  return afterAttempt(delivery, attempt, endpoint.scheduleSeconds ?? defaultScheduleSeconds, now(), random());
}
