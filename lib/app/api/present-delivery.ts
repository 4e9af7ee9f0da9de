import type { Attempt } from '../../core/attempt.ts';
import { type Delivery, attemptsMade, deliveryId } from '../../core/delivery.ts';
import { rfc3339 } from './rfc3339.ts';

/** A delivery as it is listed: its last attempt only. All of them are in its event's trace. */
export function presentDelivery(delivery: Delivery) {
  const { eventId, endpointId, state, failure, attempts, createdAtMs } = delivery;
  const last = attempts.at(-1);
  return {
    id: deliveryId(delivery),
    event_id: eventId,
    endpoint_id: endpointId,
    state,
    ...(failure && { failure }),
    created_at: rfc3339(createdAtMs),
    attempts: attemptsMade(delivery),
    ...(last && { last_attempt: presentAttempt(last) }),
    ...presentNext(delivery),
  };
}

/** What is due next: a held delivery is not attempted, but fails when its time is over. */
export function presentNext({ state, nextAttemptAtMs }: Pick<Delivery, 'state' | 'nextAttemptAtMs'>) {
  const due = nextAttemptAtMs === undefined ? null : rfc3339(nextAttemptAtMs);
  return {
    next_attempt_at: state === 'queued' ? due : null,
    ...(state === 'held' && due !== null && { held_until: due }),
  };
}

export function presentAttempt(attempt: Attempt) {
  const { atMs, latencyMs, statusCode, acknowledged, error, excerpt, retryAfterSeconds } = attempt;
  return {
    at: new Date(atMs).toISOString(),
    latency_ms: latencyMs,
    ...acknowledged,
    ...(statusCode !== undefined && { status_code: statusCode }),
    ...(error && { error }),
    ...(excerpt && { excerpt }),
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
  };
}
