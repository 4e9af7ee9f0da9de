import { type Stream, isAtRest, wantedAnew, withTopics } from '../core/stream.ts';
import { sendJob, watchJob } from './job-watch.ts';
import { mappingError } from './stream-steps.ts';
import type { Documents } from './ports/documents.ts';
import type { JobQueue, JobWatch } from './ports/jobs.ts';

export interface StreamJobDependencies {
  readonly streams: Documents<Stream>;
  readonly watch: JobWatch;
  readonly queue: JobQueue;
  readonly now: () => number;
}

/** Has a stream provisioned anew where it lacks one of these topics. Where there is none, or none any more, nothing is to be done. */
export async function extendStream(
  dependencies: StreamJobDependencies,
  id: string,
  topics: readonly string[],
): Promise<void> {
  const { streams, now } = dependencies;
  const isComplete = (found: Stream) => found.state === 'deleting' || withTopics(found, topics) === found;
  const stream = await streams.get(id);
  if (!stream) return;
  if (isComplete(stream)) {
    // What was missing for another mapping is not missing for this one.
    await streams.update(id, (found) => (mappingError(found) ? { ...found, error: undefined } : found));
    return;
  }
  await watchJob(dependencies, id);
  await streams.update(id, (found) => {
    if (isComplete(found)) return found;
    return wantedAnew(found, isAtRest(found) ? { state: 'provisioning' } : {}, now());
  });
  await sendJob(dependencies, id);
}

/**
 * Has a stream removed: rights, users, topics, and in the end what we know of it.
 * @returns undefined when there is none
 */
export async function removeStream(
  dependencies: StreamJobDependencies,
  id: string,
): Promise<Stream | undefined> {
  const { streams, now } = dependencies;
  if (!(await streams.get(id))) return undefined;
  await watchJob(dependencies, id);
  const removed = await streams.update(id, (found) =>
    found.state === 'deleting' ? found : wantedAnew(found, { state: 'deleting' }, now()),
  );
  await sendJob(dependencies, id);
  return removed;
}
