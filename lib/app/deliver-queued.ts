import { type Delivery, end, hold } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { EndpointDisabler, EndpointReader } from './ports/endpoints.ts';
import type { DeliveryStore, EventReader } from './ports/events.ts';
import type { EventBody, WakeUp, WakeUpQueue } from './ports/wake-ups.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';
import { wakeUpFor } from './wake-up-for.ts';

export interface DeliverDependencies extends SettleDependencies {
  readonly endpoints: EndpointReader & EndpointDisabler;
  readonly sender: WebhookSender;
  readonly deliveries: DeliveryStore;
  readonly events: Pick<EventReader, 'read'>;
  readonly wakeUps: WakeUpQueue;
}

/** An invocation's attempts end this long after it began; above the longest time-out of an endpoint, 30 s. */
const mostAttemptMs = 35_000;
const busyRetryMs = 5_000;
/** A wake-up that comes this much before its time is not this attempt's: that one's comes later. */
const earlyMs = 1_000;

/**
 * Makes the next attempt of each delivery that was woken. A wake-up that is out of date, because another was first,
 * does nothing.
 * @returns one result a wake-up, in their order; a rejected one is to come again
 */
export async function deliverQueued(
  dependencies: DeliverDependencies,
  wakeUps: readonly WakeUp[],
): Promise<PromiseSettledResult<void>[]> {
  const endByMs = dependencies.now() + mostAttemptMs;
  const reading = dependencies.deliveries.read(wakeUps);
  const rowOf = async ({ eventId, endpointId }: WakeUp) =>
    (await reading).find((row) => row.eventId === eventId && row.endpointId === endpointId);
  return Promise.allSettled(
    wakeUps.map(async (wakeUp) => deliverOne(dependencies, wakeUp, await rowOf(wakeUp), endByMs)),
  );
}

async function deliverOne(
  dependencies: DeliverDependencies,
  wakeUp: WakeUp,
  row: Delivery | undefined,
  endByMs: number,
): Promise<void> {
  const { endpoints, deliveries, events, wakeUps, now } = dependencies;
  if (row === undefined || isOutOfDate(wakeUp, row, now())) return;
  const endpoint = await endpoints.byId(row.endpointId);
  let body: EventBody | undefined;
  let next: Delivery;
  // An id that was given again may belong to another org by now.
  if (endpoint?.orgId !== row.orgId) next = end(row, 'failed', 'endpoint_deleted');
  else if (endpoint.status !== 'active') next = hold(row, now());
  else {
    body = wakeUp.body ?? (await events.read(row.eventId));
    next = body
      ? await attemptNext(dependencies, endpoint, row, body, endByMs)
      : end(row, 'failed', 'event_expired');
  }
  if (!(await deliveries.update(next, row.attempts.length))) return;
  const nextWakeUp = wakeUpFor(next, now(), body);
  if (nextWakeUp) await wakeUps.send([nextWakeUp]);
}

function isOutOfDate(wakeUp: WakeUp, { state, attempts, nextAttemptAtMs }: Delivery, nowMs: number): boolean {
  if (state === 'delivered' || state === 'failed' || attempts.length !== wakeUp.attemptsMade) return true;
  return state === 'queued' && nextAttemptAtMs! > nowMs + earlyMs;
}

async function attemptNext(
  dependencies: DeliverDependencies,
  endpoint: Endpoint,
  row: Delivery,
  body: EventBody,
  endByMs: number,
): Promise<Delivery> {
  const { sender, now } = dependencies;
  // Each attempt that begins has all of the endpoint's time.
  const times = { beginByMs: endByMs - endpoint.timeoutMs, endByMs };
  const attempt = await sender.attempt(endpoint, row.eventId, body, times);
  // All its connections were busy until then: soon again, without counting it as an attempt.
  if (attempt === undefined) return { ...row, state: 'queued', nextAttemptAtMs: now() + busyRetryMs };
  return settleAttempt(dependencies, endpoint, row, attempt);
}
