import { dueAttributes } from './delivery-items.ts';
import type { Item } from './dynamodb-batch.ts';

export const watchedJobs = ['REPLAY', 'STREAM'] as const;

/** What a watch may be over. */
export type WatchedJob = (typeof watchedJobs)[number];

export function watchKey(job: WatchedJob, id: string): Item {
  return { pk: { S: `${job}#${id}` }, sk: { S: 'JOB' } };
}

/** The job that a partition key watches over; undefined for any other key. */
export function watched(partitionKey: string): { readonly job: WatchedJob; readonly id: string } | undefined {
  const job = watchedJobs.find((one) => partitionKey.startsWith(`${one}#`));
  return job && { job, id: partitionKey.slice(job.length + 1) };
}

/**
 * Stands in the index of due minutes, for the sweep to find when the job stands still.
 * @param countedFor the org in whose list of running jobs it stands too
 */
export function watchItem(job: WatchedJob, id: string, dueMs: number, countedFor?: string): Item {
  const overview = countedFor !== undefined && { overview: { S: runningJobs(job, countedFor) } };
  return { ...watchKey(job, id), attempt_count: { N: '0' }, ...dueAttributes(id, dueMs), ...overview };
}

/** The list of an org's running jobs of a kind, as index key. */
export function runningJobs(job: WatchedJob, orgId: string): string {
  return `RUNNING#${job}#${orgId}`;
}
