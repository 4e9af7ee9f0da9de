import { type Delivery, end, hold, isEnd } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { scheduleMs } from '../core/retry-schedule.ts';
import { reserveSlots } from './endpoint-slots.ts';
import type { EndpointMarker, EndpointReader } from './ports/endpoints.ts';
import type { DeliveryStore, EventReader } from './ports/events.ts';
import type { RateSlots } from './ports/rate-slots.ts';
import type { EventBody, Lane, WakeUp, WakeUpQueue } from './ports/wake-ups.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';
import { wakeUpFor } from './wake-up-for.ts';

export interface DeliverDependencies extends SettleDependencies {
  /** Which deliveries this function attempts. */
  readonly lane: Lane;
  readonly endpoints: EndpointReader & EndpointMarker;
  readonly sender: WebhookSender;
  readonly deliveries: DeliveryStore;
  readonly events: Pick<EventReader, 'read'>;
  readonly slots: RateSlots;
  readonly wakeUps: WakeUpQueue;
}

/** An invocation's attempts end this long after it began; above the longest time-out of an endpoint, 30 s. */
const mostAttemptMs = 35_000;
const busyRetryMs = 5_000;
/** A wake-up that comes this much before its time is not this attempt's: that one's comes later. */
const earlyMs = 1_000;
/** How much later than a circuit may close its deliveries come, so that they do not all come at once. */
const circuitJitterMs = 15_000;

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
  const { endpoints, deliveries, gate, wakeUps, now } = dependencies;
  if (row === undefined || isOutOfDate(wakeUp, row, now())) return;
  const endpoint = await endpoints.byId(row.endpointId);
  const lane = endpoint ? gate.lane(endpoint) : 'usual';
  // What the slow lane finds fast again stays in it for once: it is there already.
  if (lane === 'slow' && dependencies.lane === 'usual') {
    return wakeUps.send([{ ...wakeUp, delayMs: 0, lane }]);
  }
  const { next, body } = await goOn(dependencies, endpoint, row, wakeUp, endByMs);
  if (!(await deliveries.update(next, row.attempts.length))) return;
  const nextWakeUp = wakeUpFor(next, now(), endpoint ? gate.lane(endpoint) : lane, body);
  if (nextWakeUp) await wakeUps.send([nextWakeUp]);
}

function isOutOfDate(wakeUp: WakeUp, { state, attempts, nextAttemptAtMs }: Delivery, nowMs: number): boolean {
  return isEnd(state) || attempts.length !== wakeUp.attemptsMade || nextAttemptAtMs! > nowMs + earlyMs;
}

/** How a delivery stands after its wake-up, and its event where that was needed. */
async function goOn(
  dependencies: DeliverDependencies,
  endpoint: Endpoint | undefined,
  row: Delivery,
  wakeUp: WakeUp,
  endByMs: number,
): Promise<{ next: Delivery; body?: EventBody }> {
  const { events, heldMs, now } = dependencies;
  // An id that was given again may belong to another org by now.
  if (endpoint?.orgId !== row.orgId) return { next: end(row, 'failed', 'endpoint_deleted') };
  if (endpoint.status !== 'active') return { next: heldFurther(row, now(), heldMs) };
  const putOff = await untilItMay(dependencies, endpoint, row);
  if (putOff) return { next: putOff, body: wakeUp.body };
  const body = wakeUp.body ?? (await events.read(row.eventId));
  if (!body) return { next: end(row, 'failed', 'event_expired') };
  return { next: await attemptNext(dependencies, endpoint, row, body, endByMs), body };
}

/** The delivery of an endpoint that takes nothing. One that was held before comes here when its time is over. */
function heldFurther(row: Delivery, nowMs: number, heldMs: number): Delivery {
  return row.state === 'held' ? end(row, 'failed', 'held_too_long') : hold(row, nowMs + heldMs);
}

/** The delivery put off to when its endpoint's rate limit or circuit lets it through; undefined when that is now. */
async function untilItMay(
  { slots, gate, now, random }: DeliverDependencies,
  endpoint: Endpoint,
  row: Delivery,
): Promise<Delivery | undefined> {
  if (endpoint.rateLimit !== undefined && row.slotAtMs === undefined) {
    const slotAtMs = (await reserveSlots(slots, [endpoint]))(endpoint)!;
    if (slotAtMs > now() + earlyMs) return { ...row, state: 'queued', slotAtMs, nextAttemptAtMs: slotAtMs };
  }
  const passage = gate.passage(endpoint);
  // A circuit does not put a delivery off for ever: one whose schedule is over has its last attempts.
  const overdueMs = (row.replayedAtMs ?? row.createdAtMs) + scheduleMs(endpoint.scheduleSeconds);
  if (passage.is !== 'broken' || now() >= overdueMs) return undefined;
  const { slotAtMs, ...rest } = row;
  const nextAttemptAtMs = Math.min(passage.untilMs + random() * circuitJitterMs, overdueMs);
  return { ...rest, state: 'queued', nextAttemptAtMs };
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
