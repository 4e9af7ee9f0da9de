import type { Attempt } from '../../core/attempt.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { EventBody } from './wake-ups.ts';

/** Milliseconds since 1970. */
export interface AttemptTimes {
  /** An attempt that has not begun by then does not begin. */
  readonly beginByMs: number;
  /** An attempt that is unfinished then is aborted, whatever the endpoint's own time-out. */
  readonly endByMs: number;
  /**
   * An attempt that has waited for the endpoint so many milliseconds is aborted too, and those in line behind it do not
   * begin. What this process itself was busy meanwhile does not count: that is not the endpoint's doing.
   */
  readonly patienceMs?: number;
}

/** Sends events to endpoints: to all, or to those of one type. */
export interface EndpointSender<Receiver extends Endpoint = Endpoint> {
  /**
   * Makes one attempt, when the endpoint has a connection free. Never rejects because of the endpoint.
   * @returns undefined when it could not begin in time
   */
  attempt(
    endpoint: Receiver,
    eventId: string,
    body: EventBody,
    times: AttemptTimes,
  ): Promise<Attempt | undefined>;
}
