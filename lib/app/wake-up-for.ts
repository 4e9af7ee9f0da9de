import type { Delivery } from '../core/delivery.ts';
import { type EventBody, type Lane, type WakeUp, mostWakeUpDelayMs } from './ports/wake-ups.ts';

/**
 * The wake-up of a delivery's next attempt.
 * @returns undefined when none is due within the queue's longest delay: the sweep finds those by their due minute
 */
export function wakeUpFor(
  delivery: Delivery,
  nowMs: number,
  lane: Lane,
  body?: EventBody,
): WakeUp | undefined {
  const { eventId, endpointId, attempts, state, nextAttemptAtMs } = delivery;
  if (state !== 'queued' || nextAttemptAtMs === undefined) return undefined;
  const delayMs = Math.max(nextAttemptAtMs - nowMs, 0);
  if (delayMs > mostWakeUpDelayMs) return undefined;
  return { eventId, endpointId, attemptsMade: attempts.length, delayMs, lane, body };
}
