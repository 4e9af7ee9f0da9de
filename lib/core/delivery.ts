import { type Attempt, judge } from './attempt.ts';
import { nextAttemptDelayMs } from './retry-schedule.ts';

/**
 * `queued`: waits for its next attempt. `held`: its endpoint is paused or disabled. `delivered` and `failed` are ends;
 * a failed delivery can be replayed.
 */
export type DeliveryState = 'queued' | 'held' | 'delivered' | 'failed';

/** One event on its way to one endpoint, once its first attempt inside the ingest function did not end it. */
export interface Delivery {
  readonly eventId: string;
  readonly endpointId: string;
  readonly orgId: string;
  readonly state: DeliveryState;
  readonly attempts: readonly Attempt[];
  /** When its event was taken in, milliseconds since 1970: it is kept as long as its event is. */
  readonly createdAtMs: number;
  /** When the next attempt is due, milliseconds since 1970; absent at an end. */
  readonly nextAttemptAtMs?: number;
  /** The time that its endpoint's rate limit has for the next attempt, milliseconds since 1970. */
  readonly slotAtMs?: number;
  /** Why it ended as failed. */
  readonly failure?: 'attempts_exhausted' | 'endpoint_deleted' | 'event_expired';
}

/** How often it is looked whether a held delivery's endpoint is active again. */
const heldCheckMs = 5 * 60_000;

/** The delivery when its endpoint takes nothing at present. */
export function hold(delivery: Delivery, nowMs: number): Delivery {
  return { ...delivery, state: 'held', nextAttemptAtMs: nowMs + heldCheckMs };
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
 * @param scheduleSeconds the endpoint's schedule; when it has ended the delivery is `failed`
 * @param random from 0 to 1, for the jitter
 */
export function afterAttempt(
  delivery: Delivery,
  attempt: Attempt,
  scheduleSeconds: readonly number[],
  nowMs: number,
  random: number,
): Delivery {
  const { slotAtMs, ...rest } = delivery;
  const attempted = { ...rest, attempts: [...delivery.attempts, attempt] };
  const verdict = judge(attempt);
  if (verdict === 'delivered') return end(attempted, 'delivered');
  if (verdict === 'gone') return hold(attempted, nowMs);
  // Our own time ran out, not the endpoint's: that costs it nothing, and the next attempt has all of its time.
  if (attempt.error === 'aborted') return { ...attempted, state: 'queued', nextAttemptAtMs: nowMs };
  const counted = attempted.attempts.filter(({ error }) => error !== 'aborted').length;
  const delayMs = nextAttemptDelayMs(scheduleSeconds, counted, attempt.retryAfterSeconds, random);
  if (delayMs === undefined) return end(attempted, 'failed', 'attempts_exhausted');
  return { ...attempted, state: 'queued', nextAttemptAtMs: nowMs + delayMs };
}
