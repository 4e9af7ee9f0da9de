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
  const isThere = orgId !== undefined && (await orgs.get(orgId)) !== undefined;
  return (run) => isThere && run.orgId === orgId;
}
