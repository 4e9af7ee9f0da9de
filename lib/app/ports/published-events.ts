import type { Delivery } from '../../core/delivery.ts';
import type { JournalEvent } from '../../core/journal.ts';

/** An event with all of its deliveries, or with `fanOut`, for which a job is made. */
export interface PublishedEvent {
  readonly event: JournalEvent;
  readonly deliveries: readonly Delivery[];
}

/** Deliveries that one event may have here: what has more is a job's. */
export const mostPublishedDeliveries = 90;

export interface PublishedEvents {
  /**
   * Writes events of one org. Each is written whole, with the claim of the id that it was given, or not at all; of many at
   * once with the same given id exactly one is.
   * @param events with different given ids
   * @returns for each the id of the event that has its given id: its own when it was written
   * @throws also when a part of one is there already; what is there whole, as a try of which nobody heard leaves it, counts as written
   */
  write(orgId: string, events: readonly PublishedEvent[]): Promise<string[]>;
  /** @returns the ids of the events that have these given ids; only of those that are within the idempotency window */
  holders(orgId: string, givenIds: readonly string[]): Promise<Map<string, string>>;
  /** @returns the id of the event that was given this id last, as long as it is kept */
  named(orgId: string, givenId: string): Promise<string | undefined>;
}
