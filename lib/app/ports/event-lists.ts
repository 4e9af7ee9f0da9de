import type { FirstDelivery, JournalEvent, SkippedRecord } from '../../core/journal.ts';

/** A delivery as it stood when its event's invocation, or the page of its fan-out, ended. */
export type ListedDelivery = Pick<FirstDelivery, 'endpointId' | 'orgId' | 'state'>;

/** An event without its body, and with those deliveries only that the list's reader may see. */
export interface ListedEvent extends Pick<
  JournalEvent,
  | 'id'
  | 'givenId'
  | 'timeMs'
  | 'address'
  | 'eventType'
  | 'target'
  | 'idempotencyKey'
  | 'duplicateOf'
  | 'transformVersion'
  | 'fanOut'
> {
  /** None of an event with `fanOut`: `fanOuts` tells what its job came to. */
  readonly deliveries: readonly ListedDelivery[];
}

/** How a fan-out stands. */
export interface FanOutStanding {
  readonly fanOut: 'running' | 'done';
  /**
   * How many deliveries there are in each state. While a job runs: in which they were first. Where more than 10,000 did not
   * end at once, those beyond count as queued.
   */
  readonly states: Readonly<Record<string, number>>;
}

/** What a list has: skipped records are listed for operators only. */
export type ListedEntry = ListedEvent | SkippedRecord;

export interface EventListRequest {
  /** What concerns this org, as it may see it; absent for every event of the deployment, once. */
  readonly orgId?: string;
  /** Only events from this time on, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Only events before this time, milliseconds since 1970. */
  readonly untilMs: number;
  /** Most entries in the page. */
  readonly limit: number;
  /** A cursor of a former page; what it says holds for the request's own org and times. */
  readonly cursor?: string;
}

export interface EventListPage {
  readonly entries: readonly PlacedEntry[];
  /**
   * Hand it back to read on; absent at the end. One call reads a bounded part of the list, so a page may have fewer
   * entries than the limit, or none, and still be followed by another.
   */
  readonly nextCursor?: string;
}

/** An entry, and the cursor that reads on right behind it. */
export interface PlacedEntry {
  readonly entry: ListedEntry;
  readonly cursor: string;
}

/** Where a record was. */
export interface RecordPlace {
  /** The source's number. */
  readonly source: number;
  readonly partition: number;
  readonly offset: number;
}

export interface EventLists {
  /**
   * Events by their own time, hour by hour, newest first. Within an hour they come as they were journalled: those of one
   * batch together, batches by their newest event. May lag behind writes by a moment.
   * @throws InvalidCursor
   */
  list(request: EventListRequest): Promise<EventListPage>;
  /** How events with `fanOut` stand, in their order, as an org may see it, or for operators. */
  fanOuts(events: readonly ListedEvent[], orgId?: string): Promise<FanOutStanding[]>;
  /** What became of one record, for operators: its events by index, or that it was skipped. */
  ofRecord(place: RecordPlace): Promise<ListedEntry[]>;
  /** One event, for operators, or undefined when there is none under that id. */
  byId(id: string): Promise<ListedEntry | undefined>;
}
