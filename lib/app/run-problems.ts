import type { RunRefusal } from '../core/run.ts';
import type { PayloadFault } from '../core/templates/payload.ts';
import { Problem, notFound } from './api/problem.ts';

/** Why a run does not take a node, or a report about one. */
export function runRefused(runId: string, nodeRunId: string, reason: RunRefusal): Problem {
  switch (reason) {
    case 'no_such_node_run':
      return notFound('node run', nodeRunId);
    case 'already_completed':
      return new Problem('conflict', `Node run '${nodeRunId}' was completed by another report.`);
    case 'timed_out':
      return new Problem('conflict', `Run '${runId}' has timed out.`);
    case 'too_many_nodes':
      return new Problem('conflict', `Run '${runId}' has as many node runs as one may have: start another.`);
  }
}

/** What is wrong with a payload, or with what its templates make of the run. */
export function payloadProblem(faults: readonly PayloadFault[]): Problem {
  const errors = faults.map(({ path, column, message }) => ({
    path,
    message: column === undefined ? message : `column ${column}: ${message}`,
  }));
  const count = `${errors.length} fault${errors.length === 1 ? '' : 's'}`;
  return new Problem('template_error', `The payload has ${count}; nothing was published.`, errors);
}
