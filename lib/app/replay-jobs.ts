import { randomId } from '../core/identifiers.ts';
import type { Replay } from '../core/replay.ts';
import { sendJob, watchJob } from './job-watch.ts';
import type { Documents } from './ports/documents.ts';
import type { JobQueue, JobWatch } from './ports/jobs.ts';

export interface ReplayJobDependencies {
  readonly replays: Documents<Replay>;
  readonly watch: JobWatch;
  readonly queue: JobQueue;
  readonly now: () => number;
}

/** Replays of an org that run at the same time, at most; releases of what was held do not count. */
export const mostRunning = 10;

/** How fast what was held goes to an endpoint that is active again, deliveries a second. */
export const releaseRate = 100;
/** By then all functions have read again that the endpoint is active, unless the table cannot be read. */
const releaseDelayMs = 3_000;

/**
 * Writes a replay down. Even when its first message is never sent, the sweep has it begun within minutes.
 * @returns undefined when there is no such org
 */
export async function createReplay(
  dependencies: Pick<ReplayJobDependencies, 'replays' | 'watch' | 'now'>,
  parts: Pick<Replay, 'orgId' | 'scope' | 'rate'>,
): Promise<Replay | undefined> {
  const { replays, watch, now } = dependencies;
  const at = new Date(now()).toISOString();
  const id = randomId(parts.scope.kind === 'release' ? 'rls' : 'rpl');
  const made: Replay = {
    id,
    ...parts,
    state: 'running',
    considered: 0,
    replayed: 0,
    createdAt: at,
    updatedAt: at,
  };
  await watchReplay(dependencies, made);
  if ((await replays.create(made)) === 'created') return made;
  await watch.forget(id);
  return undefined;
}

/** Has a replay gone on with: at once, but for releases. */
export async function sendReplay(
  dependencies: Pick<ReplayJobDependencies, 'queue'>,
  { id, orgId, scope }: Replay,
) {
  await sendJob(dependencies, id, scope.kind === 'release' ? releaseDelayMs : 0, orgId);
}

/** Watches over a replay from now on. */
export async function watchReplay(
  dependencies: Pick<ReplayJobDependencies, 'watch' | 'now'>,
  { id, orgId, scope }: Pick<Replay, 'id' | 'orgId' | 'scope'>,
): Promise<void> {
  await watchJob(dependencies, id, scope.kind === 'replay' ? orgId : undefined);
}
