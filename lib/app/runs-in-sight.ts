import type { Org } from '../core/org.ts';
import type { Run } from '../core/run.ts';
import type { Caller } from './api/operation.ts';
import type { Documents } from './ports/documents.ts';
import type { Runs } from './ports/runs.ts';

export interface SightDependencies {
  readonly runs: Pick<Runs, 'get'>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
}

/**
 * What a caller may know of: runs of orgs that are there, operators of all, others of their own.
 * @param runId which run is asked about
 * @returns whether a run is in his sight
 */
export async function runsInSight(
  { runs, orgs }: SightDependencies,
  { role, orgId: own }: Caller,
  runId: string,
): Promise<(run: Run) => boolean> {
  const orgId = role === 'operator' ? (await runs.get(runId))?.orgId : own;
  const org = orgId === undefined ? undefined : await orgs.get(orgId);
  return (run) => org !== undefined && isRunOf(org, run);
}

/** Whether a run is an org's own. One that was removed has taken its runs along, also where another has its id since. */
export function isRunOf(org: Org, run: Run): boolean {
  return run.orgId === org.id && run.createdAtMs >= Date.parse(org.createdAt);
}
