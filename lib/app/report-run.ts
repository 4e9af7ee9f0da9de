import { type NodeReport, type NodeRun, type ReportOutcome, type Run, report } from '../core/run.ts';
import { mostReportedBytes, reportedBytes } from '../core/run-limits.ts';
import type { Caller } from './api/operation.ts';
import { Problem, notFound } from './api/problem.ts';
import type { Runs } from './ports/runs.ts';
import { runRefused } from './run-problems.ts';
import { type SightDependencies, runsInSight } from './runs-in-sight.ts';

export interface ReportRunDependencies extends SightDependencies {
  readonly runs: Pick<Runs, 'get' | 'runOf' | 'update'>;
  readonly now: () => number;
}

/** The run of a node, and where the caller named it, the run that it belongs to. */
export interface ReportedNodeRun {
  readonly runId?: string;
  readonly nodeRunId: string;
}

/**
 * Takes what a consumer reports about a node's run.
 * @returns the run with the report; of the report that completed it once more, as it was then
 * @throws Problem when there is no such run that the caller may see, or it takes the report no more
 */
export async function reportRun(
  dependencies: ReportRunDependencies,
  { runId: given, nodeRunId }: ReportedNodeRun,
  reported: NodeReport,
  caller: Caller,
): Promise<{ readonly run: Run; readonly nodeRun: NodeRun }> {
  const { runs, now } = dependencies;
  const runId = given ?? (await runs.runOf(nodeRunId));
  if (runId === undefined) throw notFound('node run', nodeRunId);
  const isInSight = await runsInSight(dependencies, caller, runId);
  let outcome: ReportOutcome | undefined;
  await runs.update(runId, (found) => {
    if (!isInSight(found)) return found;
    outcome = report(found, nodeRunId, reported, now());
    if (outcome.outcome === 'refused') return found;
    checkOutputs(outcome.run);
    return outcome.run;
  });
  // What is another's reads as if it were not there, by either path.
  if (outcome === undefined)
    throw given === undefined ? notFound('node run', nodeRunId) : notFound('run', given);
  if (outcome.outcome === 'refused') throw runRefused(runId, nodeRunId, outcome.reason);
  return outcome;
}

function checkOutputs(run: Run): void {
  if (reportedBytes(run) <= mostReportedBytes) return;
  throw new Problem(
    'too_large',
    `Outputs of a run's nodes have ${mostReportedBytes} bytes at most, all together.`,
  );
}
