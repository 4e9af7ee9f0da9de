import type { FirstDelivery } from './journal.ts';
import type { Routing } from './routing.ts';

/** The work of delivering an event to more endpoints than one invocation takes on: it pages through them. */
export interface FanOutJob {
  readonly eventId: string;
  /** When its event was taken in, milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Pages dealt with. */
  readonly pages: number;
  /** Where the next page begins; absent before the first. */
  readonly cursor?: string;
  readonly done: boolean;
}

/** What one page of endpoints came to. */
export interface FanOutPage extends Pick<Routing, 'notDelivered' | 'moreNotDelivered'> {
  readonly deliveries: readonly FirstDelivery[];
}
