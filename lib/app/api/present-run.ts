import { RawJson } from '../../core/raw-json.ts';
import { type NodeRun, type Run, stateOfNode, stateOfRun } from '../../core/run.ts';
import { answerBytes, mostAnswerBytes } from './answer-size.ts';
import { rfc3339 } from './rfc3339.ts';

/** A node's run as consumers read it, in the form of the records: without its logs. */
export function presentNodeRun(run: Run, nodeRun: NodeRun, nowMs: number) {
  const { id, nodeIdentifier, nodeTitle, output, createdAtMs, updatedAtMs, completedAtMs } = nodeRun;
  return {
    id,
    workflowRunId: run.id,
    nodeIdentifier,
    nodeTitle,
    ...stateOfNode(run, nodeRun, nowMs),
    ...(output !== undefined && { output: new RawJson(output) }),
    createdAt: rfc3339(createdAtMs),
    updatedAt: rfc3339(updatedAtMs),
    ...(completedAtMs !== undefined && { completedAt: rfc3339(completedAtMs) }),
  };
}

/** A run with the runs of its nodes. Where not all logs fit into an answer, those of the latest nodes do. */
export function presentRun(run: Run, nowMs: number) {
  const { id, orgId, workflowIdentifier, inputs = '{}', outputs, createdAtMs, timesOutAtMs } = run;
  const head = {
    id,
    orgId,
    workflowIdentifier,
    ...stateOfRun(run, nowMs),
    createdAt: rfc3339(createdAtMs),
    timesOutAt: rfc3339(timesOutAtMs),
    inputs: new RawJson(inputs),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([node, output]) => [node, new RawJson(output)] as const),
    ),
  };
  const nodeRuns = run.nodeRuns.map((nodeRun) => presentNodeRun(run, nodeRun, nowMs));
  const logs = fittingLogs(run.nodeRuns, mostAnswerBytes - answerBytes({ ...head, nodeRuns }));
  return { ...head, nodeRuns: nodeRuns.map((nodeRun, at) => ({ ...nodeRun, ...logs[at]! })) };
}

/** The logs of each, and how many of its lines are not among them. */
function fittingLogs(nodeRuns: readonly NodeRun[], mostBytes: number) {
  let left = mostBytes;
  return nodeRuns
    .toReversed()
    .map(({ logs, droppedLogs }) => {
      const lines = logs.map(({ createdAtMs, ...line }) => ({ ...line, createdAt: rfc3339(createdAtMs) }));
      left -= answerBytes(lines);
      return left >= 0 ? { logs: lines, droppedLogs } : { logs: [], droppedLogs: droppedLogs + logs.length };
    })
    .toReversed();
}
