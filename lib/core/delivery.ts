import { type Attempt, judge } from './attempt.ts';
import { nextAttemptDelayMs } from './retry-schedule.ts';

/**
 * `queued`: waits for its next attempt. `held`: its endpoint is paused or disabled. `delivered` and `failed` are ends;
 * both can be replayed.
 */
export type DeliveryState = 'queued' | 'held' | 'delivered' | 'failed';

export const deliveryStates = ['queued', 'held', 'failed', 'delivered'] as const satisfies DeliveryState[];

/** One event on its way to one endpoint, once its first attempt inside the ingest function did not end it. */
export interface Delivery {
  readonly eventId: string;
  readonly endpointId: string;
  readonly orgId: string;
  readonly state: DeliveryState;
  /** All of them, unless `attemptsLeftOut` tells otherwise. */
  readonly attempts: readonly Attempt[];
  /** How many attempts of former cycles are not kept any more: they were made after the first few. */
  readonly attemptsLeftOut?: number;
  /** Attempts of former cycles: the endpoint's schedule counts only those after them. */
  readonly attemptsBefore?: number;
  /** When the present cycle of attempts began, milliseconds since 1970; absent in the first. */
  readonly replayedAtMs?: number;
  /** When it was last woken after it was held, milliseconds since 1970. */
  readonly releasedAtMs?: number;
  /** The replay that began the last cycle that a replay began: it begins no second one. */
  readonly replayId?: string;
  /** When its event was taken in, milliseconds since 1970: it is kept as long as its event is. */
  readonly createdAtMs: number;
  /** When the next attempt is due, or a held delivery expires, milliseconds since 1970; absent at an end. */
  readonly nextAttemptAtMs?: number;
  /** The time that its endpoint's rate limit has for the next attempt. */
  readonly slot?: RateSlot;
  /** Its wake-up waits in the lane of slow endpoints, which may be far behind. */
  readonly inSlowLane?: true;
  /** Why it ended as failed. */
  readonly failure?:
    'attempts_exhausted' | 'endpoint_deleted' | 'event_expired' | 'held_too_long' | 'not_retryable';
}

/** A time that was reserved under a rate limit. */
export interface RateSlot {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The limit, attempts a second: under another one it is of no use. */
  readonly rateLimit: number;
  /**
   * It took the place of one that was missed, and is good however late it is used: a queue that stays behind would let
   * nothing through otherwise.
   */
  readonly isSecond?: true;
}

/** The terms of delivering to an endpoint. */
export interface DeliveryTerms {
  /** When the schedule has ended the delivery is `failed`. */
  readonly scheduleSeconds: readonly number[];
  /** How long a delivery is held at most, milliseconds. */
  readonly heldMs: number;
}

/** What the API calls a delivery: its event's id (26 characters), a dash, its endpoint's id. */
export const deliveryIdPattern = /^[0-9A-Z]{26}-[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function deliveryId({ eventId, endpointId }: Pick<Delivery, 'eventId' | 'endpointId'>): string {
  return `${eventId}-${endpointId}`;
}

/** @returns undefined for what `deliveryId` never gives */
export function readDeliveryId(id: string): Pick<Delivery, 'eventId' | 'endpointId'> | undefined {
  if (!deliveryIdPattern.test(id)) return undefined;
  return { eventId: id.slice(0, 26), endpointId: id.slice(27) };
}

export function isEnd(state: DeliveryState): boolean {
  return state === 'delivered' || state === 'failed';
}

/**
 * The delivery while its endpoint takes nothing. Only an endpoint that is active again, or the end of its time, wakes it.
 * @param untilMs when it fails as held too long, milliseconds since 1970
 */
export function hold(delivery: Delivery, untilMs: number): Delivery {
  const { slot, ...rest } = delivery;
  return { ...rest, state: 'held', nextAttemptAtMs: untilMs };
}

/** The delivery when its next attempt is due at once. Its endpoint's rate limit gives it a new time. */
export function wake(delivery: Delivery, nowMs: number): Delivery {
  return { ...putOff(delivery, nowMs), ...(delivery.state === 'held' && { releasedAtMs: nowMs }) };
}

/** The delivery when its next attempt is due at another time than its endpoint's rate limit had for it. */
export function putOff(delivery: Delivery, untilMs: number): Delivery {
  const { slot, ...rest } = delivery;
  return { ...rest, state: 'queued', nextAttemptAtMs: untilMs };
}

/** How many attempts were made of a delivery, also those that are not kept. */
export function attemptsMade({ attempts, attemptsLeftOut = 0 }: Attempted): number {
  return attempts.length + attemptsLeftOut;
}

type Attempted = Pick<Delivery, 'attempts' | 'attemptsLeftOut'>;

/** Attempts of former cycles that are kept: a row has 400 KB at most, and is read and written with each attempt. */
const mostFirst = 5;
const mostLatest = 45;

function bounded({ attempts, attemptsLeftOut = 0 }: Attempted): Attempted {
  const more = attempts.length - mostFirst - mostLatest;
  if (more <= 0) return { attempts, ...(attemptsLeftOut > 0 && { attemptsLeftOut }) };
  const kept = [...attempts.slice(0, mostFirst), ...attempts.slice(-mostLatest)];
  return { attempts: kept, attemptsLeftOut: attemptsLeftOut + more };
}

/**
 * The delivery at the beginning of a new cycle of attempts, the first of which is due at once.
 * @param replayId the replay that begins it
 */
export function replay(delivery: Delivery, nowMs: number, replayId?: string): Delivery {
  const { failure, ...rest } = delivery;
  const attemptsBefore = attemptsMade(delivery);
  const cycle = { attemptsBefore, replayedAtMs: nowMs, ...(replayId && { replayId }) };
  return wake({ ...rest, ...bounded(delivery), ...cycle }, nowMs);
}

/** The delivery at an end: nothing is due any more. */
export function end(
  delivery: Delivery,
  state: 'delivered' | 'failed',
  failure?: Delivery['failure'],
): Delivery {
  const { nextAttemptAtMs, ...rest } = delivery;
  return { ...rest, state, ...(failure && { failure }) };
}

/**
 * How a delivery stands after one more attempt.
 * @param random from 0 to 1, for the jitter
 */
export function afterAttempt(
  delivery: Delivery,
  attempt: Attempt,
  { scheduleSeconds, heldMs }: DeliveryTerms,
  nowMs: number,
  random: number,
): Delivery {
  const { slot, ...rest } = delivery;
  const attempted = { ...rest, attempts: [...delivery.attempts, attempt] };
  const verdict = judge(attempt);
  if (verdict === 'delivered') return end(attempted, 'delivered');
  if (verdict === 'never') return end(attempted, 'failed', 'not_retryable');
  if (verdict === 'gone') return hold(attempted, nowMs + heldMs);
  // Our own time ran out, not the endpoint's: that costs it nothing, and the next attempt has all of its time.
  if (attempt.error === 'aborted') return { ...attempted, state: 'queued', nextAttemptAtMs: nowMs };
  const { attemptsBefore = 0, attemptsLeftOut = 0 } = delivery;
  const ofCycle = attempted.attempts.slice(attemptsBefore - attemptsLeftOut);
  const counted = ofCycle.filter(({ error }) => error !== 'aborted').length;
  const delayMs = nextAttemptDelayMs(scheduleSeconds, counted, attempt.retryAfterSeconds, random);
  if (delayMs === undefined) return end(attempted, 'failed', 'attempts_exhausted');
  return { ...attempted, state: 'queued', nextAttemptAtMs: nowMs + delayMs };
}
