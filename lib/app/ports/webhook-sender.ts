import type { Attempt } from '../../core/attempt.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { EventBody } from './wake-ups.ts';

export interface WebhookSender {
  /**
   * Makes one attempt, when the endpoint has a connection free. Never rejects because of the endpoint.
   * @param deadlineMs milliseconds since 1970 at which an unfinished attempt is aborted
   * @returns undefined when the deadline came before it began
   */
  attempt(
    endpoint: Endpoint,
    eventId: string,
    body: EventBody,
    deadlineMs: number,
  ): Promise<Attempt | undefined>;
}
