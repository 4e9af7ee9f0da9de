import { type Delivery, attemptsMade, end, hold, isEnd, putOff, wake } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { scheduleMs } from '../core/retry-schedule.ts';
import { earlyMs, untilItsTurn } from './endpoint-slots.ts';
import type { EndpointPlaces, Place } from './ports/endpoint-places.ts';
import type { EndpointMarker, EndpointReader } from './ports/endpoints.ts';
import type { DeliveryStore, EventReader } from './ports/events.ts';
import type { RateSlots } from './ports/rate-slots.ts';
import type { EventBody, Lane, WakeUp, WakeUpQueue } from './ports/wake-ups.ts';
import type { EndpointSender } from './ports/endpoint-sender.ts';
import { sendWakeUps } from './send-wake-ups.ts';
import { type SettleDependencies, settleAttempt } from './settle-attempt.ts';
import { inLane, wakeUpFor } from './wake-up-for.ts';

export interface DeliverDependencies extends SettleDependencies {
  /** Which deliveries this function attempts. */
  readonly lane: Lane;
  readonly endpoints: EndpointReader & EndpointMarker;
  readonly sender: EndpointSender;
  readonly deliveries: DeliveryStore;
  readonly events: Pick<EventReader, 'read'>;
  readonly slots: RateSlots;
  /** For the usual lane: only endpoints that are known to be fast do without a place there. */
  readonly places: EndpointPlaces;
  readonly wakeUps: WakeUpQueue;
}

/** An invocation's attempts end this long after it began; above the longest time-out of an endpoint, 30 s. */
const mostAttemptMs = 35_000;
const busyRetryMs = 5_000;
/**
 * What an endpoint has no place for comes again after so long: soon at first, for one that nobody knows has a place again after its first
 * answer; then later the longer it waits.
 */
const crowded = { firstMs: 500, doublesUntilMs: 5_000, mostMs: 10 * 60_000 };
/**
 * The row of what is put off by a crowd may say for so long that it is due: it is, and each write of it costs more than its look. Less than
 * the sweep waits for a wake-up that may be lost.
 */
const mostOverdueMs = 60_000;
/** A circuit may put a delivery off for so long at least, if it is retried at all. */
const leastPutOffMs = 15 * 60_000;
/** How much later than a circuit may close its deliveries come, so that they do not all come at once. */
const circuitJitterMs = 15_000;
/** … and than it has waited already: what waits for hours is not looked at each minute. */
const putOffShare = 0.1;

/** `crowded`: it was put off, for as many invocations are busy with the endpoint as may be. */
export type WakeUpOutcome = 'done' | 'crowded';

/**
 * Makes the next attempt of each delivery that was woken. A wake-up that is out of date, because another was first,
 * does nothing.
 * @returns one result a wake-up, in their order; a rejected one is to come again
 */
export async function deliverQueued(
  dependencies: DeliverDependencies,
  wakeUps: readonly WakeUp[],
): Promise<PromiseSettledResult<WakeUpOutcome>[]> {
  const endByMs = dependencies.now() + mostAttemptMs;
  const reading = dependencies.deliveries.read(wakeUps);
  const rowOf = async ({ eventId, endpointId }: WakeUp) =>
    (await reading).find((row) => row.eventId === eventId && row.endpointId === endpointId);
  const whileAtPlace = placesOfInvocation(dependencies.places, endByMs);
  const invocation: Invocation = { ...dependencies, whileAtPlace, endByMs };
  return Promise.allSettled(
    wakeUps.map(async (wakeUp) => deliverOne(invocation, wakeUp, await rowOf(wakeUp))),
  );
}

interface Invocation extends DeliverDependencies {
  /** Does the work with the invocation's place at an endpoint, if there is one left for it. */
  readonly whileAtPlace: WhileAtPlace;
  /** When its attempts end, milliseconds since 1970. */
  readonly endByMs: number;
}

type WhileAtPlace = <T>(endpointId: string, work: () => Promise<T>) => Promise<T | 'crowded'>;

/** All that an invocation does at an endpoint at the same time shares one place, which the last of it gives back. */
function placesOfInvocation(places: EndpointPlaces, endByMs: number): WhileAtPlace {
  const held = new Map<string, { readonly taking: Promise<Place | undefined>; users: number }>();
  return async (endpointId, work) => {
    const here = held.get(endpointId) ?? { taking: places.take(endpointId, endByMs), users: 0 };
    held.set(endpointId, here);
    here.users++;
    try {
      return (await here.taking) ? await work() : 'crowded';
    } finally {
      if (--here.users === 0) {
        held.delete(endpointId);
        const place = await here.taking.catch(() => undefined);
        // One that cannot be given back is free again when its time is over.
        if (place) await places.giveBack(place).catch(() => {});
      }
    }
  };
}

async function deliverOne(
  invocation: Invocation,
  wakeUp: WakeUp,
  row: Delivery | undefined,
): Promise<WakeUpOutcome> {
  const { endpoints, gate, now } = invocation;
  if (row === undefined || isOutOfDate(wakeUp, row, now())) return 'done';
  const endpoint = await endpoints.byId(row.endpointId);
  const lane = endpoint ? gate.lane(endpoint) : 'usual';
  // What the slow lane finds fast again stays in it for once: it is there already.
  if (lane === 'slow' && invocation.lane === 'usual') {
    await changeLane(invocation, wakeUp, row);
    return 'done';
  }
  const mayHold = invocation.lane === 'usual' && endpoint?.status === 'active' && !gate.isFast(endpoint);
  const work = () => attemptOne(invocation, wakeUp, row, endpoint);
  if (!mayHold) return work();
  const outcome = await invocation.whileAtPlace(endpoint.id, work);
  if (outcome === 'crowded') await wakeLater(invocation, row, putOffByCrowd(invocation, row), wakeUp.body);
  return outcome;
}

/** Sends a wake-up on to the lane of slow endpoints, once its row knows that it waits there. */
async function changeLane(invocation: Invocation, wakeUp: WakeUp, row: Delivery): Promise<void> {
  // A held one whose time is over is due as it is.
  const next = inLane(row, 'slow');
  const isFirst = row.state === 'held' || (await invocation.deliveries.update(next, attemptsMade(row)));
  if (isFirst) await sendWakeUps(invocation, [{ ...wakeUp, delayMs: 0, lane: 'slow' }], [next]);
}

/**
 * When it is due again: were its message to come again, it would do so at once, and be put aside after some times. A time that
 * it has under a rate limit stays: it is missed then, and followed by a second one, before all that came later.
 */
function putOffByCrowd({ now, random }: Invocation, row: Delivery): Delivery {
  const waitedMs = now() - beganMs(row);
  const soonMs = Math.min(Math.max(waitedMs, crowded.firstMs), crowded.doublesUntilMs);
  const waitMs = Math.max(soonMs, waitedMs * putOffShare) * (1 + random());
  const woken = row.state === 'held' ? wake(row, now()) : row;
  const nextAttemptAtMs = now() + Math.min(waitMs, crowded.mostMs);
  return inLane({ ...woken, state: 'queued', nextAttemptAtMs }, 'usual');
}

/** Only its wake-up comes later, as long as its row need not say so. */
async function wakeLater(
  invocation: Invocation,
  row: Delivery,
  next: Delivery,
  body: EventBody | undefined,
): Promise<void> {
  const mayBeOverdue = next.nextAttemptAtMs! - row.nextAttemptAtMs! <= mostOverdueMs;
  if (row.state !== 'queued' || row.inSlowLane || !mayBeOverdue) return write(invocation, row, next, body);
  await sendWakeUps(invocation, [wakeUpFor(next, invocation.now(), body)!], [row]);
}

async function attemptOne(
  invocation: Invocation,
  wakeUp: WakeUp,
  row: Delivery,
  endpoint: Endpoint | undefined,
): Promise<'done'> {
  const { next, body } = await goOn(invocation, endpoint, row, wakeUp);
  const lane = endpoint ? invocation.gate.lane(endpoint) : 'usual';
  await write(invocation, row, inLane(next, lane), body);
  return 'done';
}

/** Writes how a delivery stands after its wake-up, and wakes it again if that is soon. Where another was first, it does not. */
async function write(
  invocation: Invocation,
  row: Delivery,
  next: Delivery,
  body: EventBody | undefined,
): Promise<void> {
  const { deliveries, now } = invocation;
  // By the time that the row goes by too: what it leaves to the sweep is not also queued.
  const nextWakeUp = wakeUpFor(next, now(), body);
  if (!(await deliveries.update(next, attemptsMade(row)))) return;
  if (nextWakeUp) await sendWakeUps(invocation, [nextWakeUp], [next]);
}

function isOutOfDate(wakeUp: WakeUp, row: Delivery, nowMs: number): boolean {
  const isOfOther = attemptsMade(row) !== wakeUp.attemptsMade;
  return isEnd(row.state) || isOfOther || row.nextAttemptAtMs! > nowMs + earlyMs;
}

/** How a delivery stands after its wake-up, and its event where that was needed. */
async function goOn(
  invocation: Invocation,
  endpoint: Endpoint | undefined,
  woken: Delivery,
  wakeUp: WakeUp,
): Promise<{ next: Delivery; body?: EventBody }> {
  const { events, heldMs, now } = invocation;
  // An id that was given again may belong to another org by now.
  if (endpoint?.orgId !== woken.orgId) return { next: end(woken, 'failed', 'endpoint_deleted') };
  if (endpoint.status !== 'active') return { next: heldFurther(woken, now(), heldMs) };
  // Its release was missed, or is not there yet.
  const row = woken.state === 'held' ? wake(woken, now()) : woken;
  const later = await untilItMay(invocation, endpoint, row);
  if (later) return { next: later, body: wakeUp.body };
  const body = wakeUp.body ?? (await events.read(row.eventId));
  if (!body) return { next: end(row, 'failed', 'event_expired') };
  return { next: await attemptNext(invocation, endpoint, row, body), body };
}

/** The delivery of an endpoint that takes nothing. One that was held before comes here when its time is over. */
function heldFurther(row: Delivery, nowMs: number, heldMs: number): Delivery {
  return row.state === 'held' ? end(row, 'failed', 'held_too_long') : hold(row, nowMs + heldMs);
}

/** The delivery put off to when its endpoint's rate limit or circuit lets it through; undefined when that is now. */
async function untilItMay(
  invocation: Invocation,
  endpoint: Endpoint,
  row: Delivery,
): Promise<Delivery | undefined> {
  const { gate, now, random } = invocation;
  const itsTurn = await untilItsTurn(invocation, endpoint, row);
  if (itsTurn) return itsTurn;
  const passage = gate.passage(endpoint);
  // A circuit does not put a delivery off for ever: one whose schedule is over has its last attempts.
  const overdueMs = beganMs(row) + mostPutOffMs(endpoint);
  if (passage.is !== 'broken' || now() >= overdueMs) return undefined;
  const laterMs = now() + (now() - beganMs(row)) * putOffShare;
  return putOff(row, Math.min(Math.max(passage.untilMs + random() * circuitJitterMs, laterMs), overdueMs));
}

/** Since when it is tried to deliver it. What was held until now has not waited for its endpoint to be well again. */
function beganMs({ createdAtMs, replayedAtMs = createdAtMs, releasedAtMs = createdAtMs }: Delivery): number {
  return Math.max(replayedAtMs, releasedAtMs);
}

/** How long a delivery goes on being put off: a schedule of some seconds is not to be used up while the circuit is open. */
function mostPutOffMs({ scheduleSeconds }: Endpoint): number {
  const hasRetries = scheduleSeconds === undefined || scheduleSeconds.length > 0;
  return Math.max(scheduleMs(scheduleSeconds), hasRetries ? leastPutOffMs : 0);
}

async function attemptNext(
  invocation: Invocation,
  endpoint: Endpoint,
  row: Delivery,
  body: EventBody,
): Promise<Delivery> {
  const { sender, now, endByMs } = invocation;
  // Each attempt that begins has all of the endpoint's time.
  const times = { beginByMs: endByMs - endpoint.timeoutMs, endByMs };
  const attempt = await sender.attempt(endpoint, row.eventId, body, times);
  // All its connections were busy until then: soon again, without counting it as an attempt.
  if (attempt === undefined) return { ...row, state: 'queued', nextAttemptAtMs: now() + busyRetryMs };
  return settleAttempt(invocation, endpoint, row, attempt);
}
