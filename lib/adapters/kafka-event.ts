import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import type { SourceRecord } from '../core/source-record.ts';

/** Producers set timestamps as they like. Beyond this, event ids and dates cannot hold them. */
const mostTimeMs = 2 ** 48 - 1;

/** The records of a Kafka event source's event, in the order of their partitions. */
export function recordsOf(event: MSKEvent | SelfManagedKafkaEvent): SourceRecord[] {
  return Object.values(event.records)
    .flat()
    .map(({ topic, partition, offset, timestamp, key, value, headers }) => ({
      topic,
      partition,
      offset,
      timestampMs: Math.min(Math.max(timestamp, 0), mostTimeMs),
      key: bytes(key),
      value: bytes(value),
      headers: (headers ?? []).flatMap((header) =>
        Object.entries(header).map(([name, signedBytes]) => [name, Buffer.from(signedBytes ?? [])] as const),
      ),
    }));
}

/** The first and the last offset of each partition, by its number, as an operator looks for them. */
export function offsetsOf(records: readonly SourceRecord[]): Record<string, string> {
  const byPartition = Map.groupBy(records, ({ partition }) => partition);
  return Object.fromEntries(
    [...byPartition].map(([partition, all]) => [partition, `${all[0]!.offset}-${all.at(-1)!.offset}`]),
  );
}

/** A record without a key, and a tombstone's value, come as null or not at all, whatever the types say. */
function bytes(base64: string | null | undefined): Buffer | undefined {
  return base64 === undefined || base64 === null ? undefined : Buffer.from(base64, 'base64');
}

/** Partial failure of a batch, as Lambda's Kafka event sources take it; `partition` is topic and number. */
export interface KafkaBatchResponse {
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number };
  }[];
}

/** Tells Lambda where each partition is to go on: everything from the lowest of these records comes again. */
export function batchFailures(records: readonly SourceRecord[]): KafkaBatchResponse {
  const lowest = new Map<string, number>();
  for (const { topic, partition, offset } of records) {
    const name = `${topic}-${partition}`;
    lowest.set(name, Math.min(lowest.get(name) ?? offset, offset));
  }
  return {
    batchItemFailures: [...lowest].map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
  };
}
