import type { SourceRecord } from './source-record.ts';
import type { Rejection } from './rejection.ts';

/** A record that can never become an event, kept with its original bytes. */
export interface QuarantinedRecord {
  /** The event id that the record would have had. */
  readonly id: string;
  /** The source's name. */
  readonly source: string;
  readonly record: SourceRecord;
  readonly rejection: Rejection;
  readonly quarantinedAtMs: number;
  /** Parts of it are gone, because its time is over: key, value and headers are not known. Only lists have such records. */
  readonly isIncomplete?: true;
}
