import { RawJson, stringifyRaw } from './raw-json.ts';
import type { NodeRun, Run } from './run.ts';

/** The `event-type` of their records. */
export const nodeEventType = 'workflow.node';

/**
 * What templates of a node see as `.`, as JSON text: `.inputs`, `.outputs` by the identifiers of nodes, and `.workflowRun`. What a
 * node of this run has reported replaces what was given for it; of two runs of a node, the later one's counts.
 */
export function contextOf(run: Run): string {
  const { inputs = '{}', outputs, nodeRuns } = run;
  const reported = nodeRuns.flatMap(({ nodeIdentifier, output }) =>
    output === undefined ? [] : [[nodeIdentifier, output] as const],
  );
  return stringifyRaw({
    inputs: new RawJson(inputs),
    outputs: Object.fromEntries(
      [...Object.entries(outputs), ...reported].map(([node, output]) => [node, new RawJson(output)]),
    ),
    workflowRun: workflowRunOf(run),
  });
}

/**
 * The values of the records that a started node publishes, as JSON texts.
 * @param payloads the rendered payload of each record, as JSON text
 */
export function runRecords(run: Run, nodeRun: NodeRun, payloads: readonly string[]): string[] {
  return payloads.map((payload, index) =>
    stringifyRaw({
      payload: new RawJson(payload),
      workflowRun: workflowRunOf(run),
      context: {
        orgId: run.orgId,
        workflowRunId: run.id,
        nodeRunId: nodeRun.id,
        nodeIdentifier: nodeRun.nodeIdentifier,
        nodeTitle: nodeRun.nodeTitle,
        index,
        count: payloads.length,
      },
    }),
  );
}

/** A run that is about to publish is in progress. */
function workflowRunOf({ id, workflowIdentifier, createdAtMs }: Run) {
  const createdAt = new Date(createdAtMs).toISOString();
  return { id, workflowIdentifier, status: 'IN_PROGRESS', createdAt };
}
