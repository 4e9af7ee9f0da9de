import { type Delivery, attemptsMade } from '../core/delivery.ts';
import { type EventBody, type Lane, type WakeUp, mostWakeUpDelayMs } from './ports/wake-ups.ts';

/** The delivery with the lane that its next wake-up goes to, so that its row knows how long that may wait there. */
export function inLane(delivery: Delivery, lane: Lane): Delivery {
  const { inSlowLane, ...rest } = delivery;
  return lane === 'slow' && rest.state === 'queued' ? { ...rest, inSlowLane: true } : rest;
}

/**
 * The wake-up of a delivery's next attempt.
 * @returns undefined when none is due within the queue's longest delay: the sweep finds those by their due minute
 */
export function wakeUpFor(delivery: Delivery, nowMs: number, body?: EventBody): WakeUp | undefined {
  const { eventId, endpointId, state, nextAttemptAtMs, inSlowLane } = delivery;
  if (state !== 'queued' || nextAttemptAtMs === undefined) return undefined;
  const delayMs = Math.max(nextAttemptAtMs - nowMs, 0);
  if (delayMs > mostWakeUpDelayMs) return undefined;
  const lane = inSlowLane ? 'slow' : 'usual';
  return { eventId, endpointId, attemptsMade: attemptsMade(delivery), delayMs, lane, body };
}
