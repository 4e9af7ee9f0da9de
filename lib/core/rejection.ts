/** Why a record can never become an event. The list is closed: operators search and count by it. */
export type RejectionReason =
  | 'empty_value'
  | 'record_too_large'
  | 'invalid_utf8'
  | 'invalid_json'
  | 'invalid_event'
  | 'invalid_header'
  | 'headers_too_large'
  | 'unknown_message_type'
  | 'no_target'
  | 'data_too_large'
  // The transform threw, ran too long, took too much memory, or gave back what is no event, array or null.
  | 'transform_failed'
  | 'transform_timeout'
  | 'transform_memory'
  | 'transform_result'
  // A number in a transform's input that JavaScript would round.
  | 'unsafe_number'
  // An operator had the record put here by its offset.
  | 'skipped_by_operator';

/** A record that goes to quarantine. `detail` says what was wrong, where, and what would be right. */
export interface Rejection {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** Thrown while a record is read; caught where the record is quarantined. */
export class RecordRejected extends Error implements Rejection {
  readonly reason: RejectionReason;
  readonly detail: string;

  constructor(reason: RejectionReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}
