import type { Delivery } from '../../core/delivery.ts';
import type { JournalEntry, JournalEvent, SkippedRecord } from '../../core/journal.ts';
import type { QuarantinedRecord } from '../../core/quarantine.ts';
import type { RecordPlace } from './event-lists.ts';

/** What one ingest invocation leaves behind. */
export interface IngestResult {
  readonly events: readonly JournalEvent[];
  readonly skipped: readonly SkippedRecord[];
  readonly deliveries: readonly Delivery[];
  readonly quarantined: readonly QuarantinedRecord[];
}

export interface IngestStore {
  /**
   * Writes all of it, durably, or rejects; a repeat writes the same items again. An event with `fanOut` gets its job,
   * if it has none yet.
   */
  write(result: IngestResult): Promise<void>;
}

export interface DeliveryKey {
  readonly eventId: string;
  readonly endpointId: string;
}

export interface DeliveryStore {
  /** The deliveries that there are, in any order. */
  read(keys: readonly DeliveryKey[]): Promise<Delivery[]>;
  /**
   * Writes how a delivery stands now, if it still has as many attempts as when it was read.
   * @returns false when another invocation was first
   */
  update(delivery: Delivery, attemptsWhenRead: number): Promise<boolean>;
  /**
   * Writes how a delivery stands now, if it still stands in every respect as when it was read: of many that replay it at
   * once, one does.
   * @returns false when another was first
   */
  replace(delivery: Delivery, whenRead: Delivery): Promise<boolean>;
  /** @returns false when there is a row of it already, which stays as it is */
  create(delivery: Delivery): Promise<boolean>;
}

export interface DueDeliveries {
  /**
   * What should have been attempted by now, by minute, oldest first, as pages. Once a minute is behind, it is not looked
   * at again; so each page is to be dealt with before the next is asked for.
   */
  due(nowMs: number): AsyncIterable<DuePage>;
  /**
   * Moves what a message was sent for to a later minute, so that a message that gets lost is sent again. A delivery that
   * was put off or held meanwhile keeps the time that it has by now.
   */
  woken(page: DuePage, nowMs: number): Promise<void>;
}

export interface DuePage {
  readonly deliveries: readonly DueDelivery[];
  /** Fan-out jobs that have not come on for long. */
  readonly fanOuts: readonly DueFanOut[];
  /** Replays that have not come on for long, by id. */
  readonly replays: readonly string[];
  /** Streams whose provisioning has not come on for long, or that have a former user whose time is over, by id. */
  readonly streams: readonly string[];
}

export interface DueFanOut {
  readonly eventId: string;
  readonly pages: number;
}

export interface DueDelivery extends DeliveryKey {
  readonly attemptsMade: number;
  /** Its place in the index when it was found: at another one, it was put off since. */
  readonly foundAt: string;
}

export interface EventReader {
  /**
   * What is kept under an id, as its orgs see it, each with its org, and with what its fan-out job has come to. Empty when
   * there is no such event.
   * @param orgId the only org to look for
   */
  find(id: string, orgId?: string): Promise<{ orgId: string; entry: JournalEntry }[]>;
  /** The same without what a fan-out job has come to, whose orgs are not known here. */
  journalled(id: string): Promise<{ orgId: string; entry: JournalEntry }[]>;
  /** Whether an org may see an event. */
  concerns(id: string, orgId: string): Promise<boolean>;
  /** The event alone, as it was when its invocation ended; undefined when it is kept no longer. */
  read(id: string): Promise<JournalEvent | undefined>;
  deliveriesOf(id: string): Promise<Delivery[]>;
}

export interface QuarantineReader {
  /** Newest first, also what is there in parts only. `cursor` is a former page's `nextCursor`. */
  list(limit: number, cursor?: string): Promise<{ records: QuarantinedRecord[]; nextCursor?: string }>;
  /** @returns undefined when it is not there, or not whole */
  get(id: string): Promise<QuarantinedRecord | undefined>;
  /** The record of a place, if it is in quarantine and whole. */
  at(place: RecordPlace): Promise<QuarantinedRecord | undefined>;
}

export interface QuarantineRemover {
  /** Takes a record out, all of it. There need not be one. */
  remove(id: string): Promise<void>;
}
