import { dueAttributes } from './delivery-items.ts';
import type { Item } from './dynamodb-batch.ts';

const prefix = 'REPLAY#';

export function replayWatchKey(id: string): Item {
  return { pk: { S: prefix + id }, sk: { S: 'JOB' } };
}

/** The replay that a partition key watches over; undefined for any other key. */
export function watchedReplay(partitionKey: string): string | undefined {
  return partitionKey.startsWith(prefix) ? partitionKey.slice(prefix.length) : undefined;
}

/** Stands in the index of due minutes, for the sweep to find when the replay stands still. */
export function replayWatchItem(id: string, dueMs: number): Item {
  return { ...replayWatchKey(id), attempt_count: { N: '0' }, ...dueAttributes(id, dueMs) };
}
