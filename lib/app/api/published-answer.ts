import type { FieldFault } from '../../core/field-faults.ts';
import type { RecordPlace } from '../ports/stream-producer.ts';
import type { Answer } from './operation.ts';
import { Problem, fieldsNotValid } from './problem.ts';

/** What a caller reads of a record that he has published. */
export interface PublishedRecord {
  readonly id: string;
  /** Where the records of one call may go to several. */
  readonly topic?: string;
}

/**
 * The answer to a call that has published records.
 * @param records in the order of their places
 */
export function publishedAnswer(
  topic: string | undefined,
  records: readonly PublishedRecord[],
  places: readonly RecordPlace[],
): Answer {
  const published = records.map((record, at) => ({ ...record, ...places[at]! }));
  return { status: 202, body: { ...(topic !== undefined && { topic }), records: published } };
}

/** @throws Problem for a body with faults: nothing of it was published */
export function withoutFaults<Read extends object>(
  read: Read | { readonly faults: readonly FieldFault[] },
): Exclude<Read, { readonly faults: unknown }> {
  if (!('faults' in read)) return read as Exclude<Read, { readonly faults: unknown }>;
  const { faults } = read;
  throw new Problem('invalid_request', `${fieldsNotValid(faults)}; nothing was published.`, faults);
}
