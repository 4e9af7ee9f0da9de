import type { Delivery } from '../../core/delivery.ts';
import type { JournalEvent } from '../../core/journal.ts';
import type { QuarantinedRecord } from '../../core/quarantine.ts';

/** What one ingest invocation leaves behind. */
export interface IngestResult {
  readonly events: readonly JournalEvent[];
  readonly deliveries: readonly Delivery[];
  readonly quarantined: readonly QuarantinedRecord[];
}

export interface IngestStore {
  /** Writes all of it, durably, or rejects; a repeat writes the same items again. */
  write(result: IngestResult): Promise<void>;
}

export interface DeliveryKey {
  readonly eventId: string;
  readonly endpointId: string;
}

export interface DeliveryStore {
  /** The deliveries that there are, in any order. At most 100 keys. */
  read(keys: readonly DeliveryKey[]): Promise<Delivery[]>;
  /**
   * Writes how a delivery stands now, if it still has as many attempts as when it was read.
   * @returns false when another invocation was first
   */
  update(delivery: Delivery, attemptsWhenRead: number): Promise<boolean>;
}

export interface DueDeliveries {
  /**
   * Deliveries that should have been attempted by now, by minute, oldest first, as pages. Once a minute is behind, it is
   * not looked at again; so each page is to be dealt with before the next is asked for.
   */
  due(nowMs: number): AsyncIterable<readonly DueDelivery[]>;
  /** Moves deliveries whose wake-up was sent to a later minute, so that a wake-up that gets lost is sent again. */
  woken(deliveries: readonly DueDelivery[], nowMs: number): Promise<void>;
}

export interface DueDelivery extends DeliveryKey {
  readonly attemptsMade: number;
}

export interface EventReader {
  /** The event as its orgs see it, each with its org. Empty when there is no such event. */
  find(id: string): Promise<{ orgId: string; event: JournalEvent }[]>;
  deliveriesOf(id: string): Promise<Delivery[]>;
}

export interface QuarantineReader {
  /** Newest first. `cursor` is a former page's `nextCursor`. */
  list(limit: number, cursor?: string): Promise<{ records: QuarantinedRecord[]; nextCursor?: string }>;
  get(id: string): Promise<QuarantinedRecord | undefined>;
}
