import { isUtf8 } from 'node:buffer';
import { RecordRejected } from './rejection.ts';
import type { TransformContext } from './transform.ts';

/** A Kafka record as it was read, bytes untouched. */
export interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly key: Buffer | undefined;
  /** Undefined is a tombstone. */
  readonly value: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
}

/** Bytes of a record's value at most. */
const mostRecordBytes = 1024 * 1024;

/**
 * A record's value as text.
 * @throws RecordRejected for a tombstone, an empty value, one over 1 MiB, and one that is not UTF-8
 */
export function recordText({ value }: SourceRecord): string {
  if (value === undefined)
    throw new RecordRejected('empty_value', 'the record has no value (a tombstone); send a JSON object');
  if (value.length === 0)
    throw new RecordRejected('empty_value', 'the value has 0 bytes; send a JSON object');
  if (value.length > mostRecordBytes) {
    throw new RecordRejected(
      'record_too_large',
      `the value has ${value.length} bytes; the most is ${mostRecordBytes}`,
    );
  }
  if (!isUtf8(value))
    throw new RecordRejected('invalid_utf8', 'the value is not UTF-8; send a JSON object in UTF-8');
  return value.toString('utf8');
}

/** What a transform is told of a record: text where it is text. Of several headers with one name the last counts. */
export function transformContext(record: SourceRecord): TransformContext {
  const { headers, key, topic, partition, offset, timestampMs } = record;
  return {
    headers: Object.fromEntries(
      headers
        .filter(([, value]) => isUtf8(value))
        .map(([name, value]) => [name.toLowerCase(), value.toString('utf8')]),
    ),
    key: key !== undefined && isUtf8(key) ? key.toString('utf8') : null,
    topic,
    partition,
    offset,
    timestamp: timestampMs,
  };
}
