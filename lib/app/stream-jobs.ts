import { type Stream, wantedAnew, withTopics } from '../core/stream.ts';
import type { Documents } from './ports/documents.ts';
import type { JobQueue, JobWatch } from './ports/jobs.ts';

export interface StreamJobDependencies {
  readonly streams: Documents<Stream>;
  readonly watch: JobWatch;
  readonly queue: JobQueue;
  readonly now: () => number;
}

/** How long a stream may stand still before the sweep has it gone on with. Longer than any invocation works on it. */
const stalledMs = 3 * 60_000;

/** Watches over the work on a stream from now on. */
export function watchStream({ watch, now }: Pick<StreamJobDependencies, 'watch' | 'now'>, id: string) {
  return watch.expect(id, now() + stalledMs);
}

/** Has a stream gone on with at once. Where the message cannot be sent, the sweep sends it. */
export async function sendStream({ queue }: Pick<StreamJobDependencies, 'queue'>, id: string): Promise<void> {
  await queue.send([id]).catch(() => {});
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
  if (!stream || isComplete(stream)) return;
  await watchStream(dependencies, id);
  await streams.update(id, (found) => {
    if (isComplete(found)) return found;
    const isAtRest = found.state === 'ready' || found.state === 'failed';
    return wantedAnew(found, isAtRest ? { state: 'provisioning' } : {}, now());
  });
  await sendStream(dependencies, id);
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
  await watchStream(dependencies, id);
  const removed = await streams.update(id, (found) =>
    found.state === 'deleting' ? found : wantedAnew(found, { state: 'deleting' }, now()),
  );
  await sendStream(dependencies, id);
  return removed;
}
