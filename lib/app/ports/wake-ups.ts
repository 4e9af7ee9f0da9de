import type { Headers } from '../../core/headers.ts';
import type { DeliveryKey } from './events.ts';

/** What an endpoint gets of an event. */
export interface EventBody {
  readonly eventType: string;
  readonly data: string;
  readonly headers: Headers;
  /** When it happened, milliseconds since 1970; without it, the time in its id. */
  readonly timeMs?: number;
  /** The id that receivers see in place of the event's own. */
  readonly givenId?: string;
}

/**
 * Slow endpoints have a queue and a function of their own, so that they cannot use up the time of the others: queues that
 * are fair to message groups only reorder.
 */
export type Lane = 'usual' | 'slow';

/** Tells the delivery function that a delivery's next attempt is due. */
export interface WakeUp extends DeliveryKey {
  /** Attempts made so far. A wake-up whose delivery has another count is out of date. */
  readonly attemptsMade: number;
  /** Milliseconds to wait, 15 minutes at most. */
  readonly delayMs: number;
  /** Whose function attempts it. */
  readonly lane: Lane;
  /** Saves a look-up; left out where it is large. */
  readonly body?: EventBody;
}

/** The longest delay of a wake-up: SQS holds a message back for 15 minutes at most. */
export const mostWakeUpDelayMs = 15 * 60 * 1000;

export interface WakeUpQueue {
  /** Sends all of them or rejects. A wake-up that is lost all the same is repaired by the sweep. */
  send(wakeUps: readonly WakeUp[]): Promise<void>;
}
