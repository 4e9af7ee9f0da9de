import type { JobQueue, JobWatch } from './ports/jobs.ts';

/** How long a job may stand still before the sweep has it gone on with. Longer than any invocation works on it. */
const stalledMs = 3 * 60_000;

/** Watches over a job from now on. @param countedFor the org among whose running jobs it counts */
export async function watchJob(
  { watch, now }: { readonly watch: Pick<JobWatch, 'expect'>; readonly now: () => number },
  id: string,
  countedFor?: string,
): Promise<void> {
  await watch.expect(id, now() + stalledMs, countedFor);
}

/** Has a job gone on with, at once or after some milliseconds. Where the message cannot be sent, the sweep sends it. */
export async function sendJob(
  { queue }: { readonly queue: JobQueue },
  id: string,
  delayMs?: number,
  orgId?: string,
): Promise<void> {
  await queue.send([id], delayMs, orgId).catch(() => {});
}
