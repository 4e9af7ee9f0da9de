import { hashOf } from './api-key.ts';
import type { CallPlace } from './call-place.ts';

/** One execution of a workflow, as far as its Kafka action nodes are concerned. */
export interface Run {
  readonly id: string;
  readonly orgId: string;
  readonly workflowIdentifier: string;
  /** What it was started with, as JSON text; absent when nothing was given. */
  readonly inputs?: string;
  /** Outputs of nodes that are not Fanout's, such as the trigger: JSON texts by the identifiers of nodes. */
  readonly outputs: Readonly<Record<string, string>>;
  /** In the order in which they were started. */
  readonly nodeRuns: readonly NodeRun[];
  /** Milliseconds since 1970, as all times here. */
  readonly createdAtMs: number;
  /** From then on it reads as timed out, unless all of its nodes have completed. */
  readonly timesOutAtMs: number;
}

/** One execution of a node. */
export interface NodeRun {
  readonly id: string;
  readonly nodeIdentifier: string;
  readonly nodeTitle: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED';
  /** Once it is COMPLETED. */
  readonly result?: RunResult;
  /** What was reported last, as JSON text. */
  readonly output?: string;
  readonly logs: readonly NodeLog[];
  /** Older logs that made room for newer ones. */
  readonly droppedLogs: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly completedAtMs?: number;
  /** SHA-256 of the report that completed it, by which a repeat is known. */
  readonly completedBy?: string;
}

/** A line that a consumer reports about a node's run. */
export interface ReportedLog {
  /** As the consumer names it, such as `INFO`. */
  readonly logLevel: string;
  readonly log: string;
}

export interface NodeLog extends ReportedLog {
  /** When it was reported. */
  readonly createdAtMs: number;
}

export type RunResult = 'SUCCESS' | 'FAILED' | 'CANCELLED';

/** How a run or a node's run reads at a moment. */
export type RunState =
  | { readonly status: 'IN_PROGRESS' | 'TIMED_OUT' }
  | { readonly status: 'COMPLETED'; readonly result: RunResult };

/** What a consumer tells about a node's run. */
export type NodeReport = {
  /** JSON text. */
  readonly output?: string;
  readonly logs?: readonly ReportedLog[];
} & ({ readonly status: 'IN_PROGRESS' } | { readonly status: 'COMPLETED'; readonly result: RunResult });

/** Why a run stays as it is. */
export type RunRefusal = 'no_such_node_run' | 'already_completed' | 'timed_out' | 'too_many_nodes';

export type ReportOutcome =
  /** `repeated`: the report that completed it came once more, and changes nothing. */
  | { readonly outcome: 'recorded' | 'repeated'; readonly run: Run; readonly nodeRun: NodeRun }
  | { readonly outcome: 'refused'; readonly reason: RunRefusal };

/** How many runs of nodes a run has, for all are read at once, and UTF-8 bytes of the logs of each. */
export const mostNodeRuns = 100;
export const mostLogBytes = 64 * 1024;

export const runIdPattern = /^wfr_[A-Za-z0-9]{16}$/;
export const nodeRunIdPattern = /^wfnr_[A-Za-z0-9]{16}$/;

/** The id of the run that a call starts, such as `wfr_` and 16 letters and digits: a repeat of the call has the same. */
export function runIdOf(call: CallPlace, startedMs: number): string {
  return idOf('wfr', call, startedMs);
}

/** The id of the node's run that a call starts, such as `wfnr_` and 16 letters and digits. */
export function nodeRunIdOf(call: CallPlace, startedMs: number): string {
  return idOf('wfnr', call, startedMs);
}

function idOf(prefix: string, { partition, offset }: CallPlace, startedMs: number): string {
  const hash = hashOf(JSON.stringify([prefix, partition, offset, startedMs]));
  return `${prefix}_${BigInt(`0x${hash}`).toString(36).slice(-16)}`;
}

/** A run of which no node has been started yet. */
export function startRun(
  start: Pick<Run, 'id' | 'orgId' | 'workflowIdentifier' | 'inputs' | 'outputs'>,
  timeoutSeconds: number,
  createdAtMs: number,
): Run {
  return withTimeFrom({ ...start, nodeRuns: [], createdAtMs, timesOutAtMs: 0 }, timeoutSeconds, createdAtMs);
}

/**
 * The run with all of its time before it: a call that is repeated after an outage publishes it long after it was made. What
 * an environment that was frozen does late does not take that time away again.
 */
export function withTimeFrom(run: Run, timeoutSeconds: number, nowMs: number): Run {
  return { ...run, timesOutAtMs: Math.max(run.timesOutAtMs, nowMs + timeoutSeconds * 1000) };
}

/** Outputs by the identifiers of nodes, as they were before others were given: null where there was none. */
export type ReplacedOutputs = Readonly<Record<string, string | null>>;

/** What becomes another in a run to which outputs are given. */
export function outputsToReplace({ outputs }: Run, given: Run['outputs']): ReplacedOutputs {
  const changed = Object.keys(given).filter((node) => outputs[node] !== given[node]);
  return Object.fromEntries(changed.map((node) => [node, outputs[node] ?? null]));
}

/**
 * The run as it was before a node was started that nobody hears of.
 * @param given outputs that came with it
 * @param replaced what they have replaced; where others were given since, those stay
 */
export function withoutNode(
  run: Run,
  nodeRunId: string,
  given: Run['outputs'] = {},
  replaced: ReplacedOutputs = {},
): Run {
  const nodeRuns = run.nodeRuns.filter(({ id }) => id !== nodeRunId);
  if (Object.keys(replaced).length === 0) return { ...run, nodeRuns };
  const outputs = Object.entries(run.outputs).flatMap(([node, output]): [string, string][] => {
    const before = output === given[node] ? replaced[node] : undefined;
    return before === null ? [] : [[node, before ?? output]];
  });
  return { ...run, outputs: Object.fromEntries(outputs), nodeRuns };
}

/**
 * The run with one more of its nodes in progress. A run whose nodes have all completed goes on.
 * @param nodeRunId one that no other has
 */
export function startNode(
  run: Run,
  node: { readonly identifier: string; readonly title: string },
  nodeRunId: string,
  nowMs: number,
): { readonly run: Run; readonly nodeRun: NodeRun } | { readonly refused: RunRefusal } {
  if (nowMs >= run.timesOutAtMs) return { refused: 'timed_out' };
  if (run.nodeRuns.length >= mostNodeRuns) return { refused: 'too_many_nodes' };
  const nodeRun: NodeRun = {
    id: nodeRunId,
    nodeIdentifier: node.identifier,
    nodeTitle: node.title,
    status: 'IN_PROGRESS',
    logs: [],
    droppedLogs: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  return { run: { ...run, nodeRuns: [...run.nodeRuns, nodeRun] }, nodeRun };
}

/**
 * The run after a report about one of its nodes. Logs are added to those before; an output replaces the one before. The
 * report that completes a node ends it: the same one again changes nothing, and any other is refused.
 */
export function report(run: Run, nodeRunId: string, reported: NodeReport, nowMs: number): ReportOutcome {
  const before = run.nodeRuns.find(({ id }) => id === nodeRunId);
  if (before === undefined) return { outcome: 'refused', reason: 'no_such_node_run' };
  if (before.status === 'COMPLETED') {
    return before.completedBy === fingerprintOf(reported)
      ? { outcome: 'repeated', run, nodeRun: before }
      : { outcome: 'refused', reason: 'already_completed' };
  }
  if (nowMs >= run.timesOutAtMs) return { outcome: 'refused', reason: 'timed_out' };
  const nodeRun = afterReport(before, reported, nowMs);
  const nodeRuns = run.nodeRuns.map((one) => (one === before ? nodeRun : one));
  return { outcome: 'recorded', run: { ...run, nodeRuns }, nodeRun };
}

function afterReport(before: NodeRun, reported: NodeReport, nowMs: number): NodeRun {
  const { output, logs = [] } = reported;
  const nodeRun = {
    ...before,
    ...appendLogs(before, logs, nowMs),
    ...(output !== undefined && { output }),
    updatedAtMs: nowMs,
  };
  if (reported.status === 'IN_PROGRESS') return nodeRun;
  const { status, result } = reported;
  return { ...nodeRun, status, result, completedAtMs: nowMs, completedBy: fingerprintOf(reported) };
}

/** The logs with more of them at the end; the oldest give way when all together become too large. */
function appendLogs(
  { logs, droppedLogs }: NodeRun,
  reported: readonly ReportedLog[],
  nowMs: number,
): Pick<NodeRun, 'logs' | 'droppedLogs'> {
  const all = [...logs, ...reported.map(({ logLevel, log }) => ({ logLevel, log, createdAtMs: nowMs }))];
  let first = all.length;
  let bytes = 0;
  while (first > 0 && (bytes += sizeOf(all[first - 1]!)) <= mostLogBytes) first--;
  return { logs: all.slice(first), droppedLogs: droppedLogs + first };
}

/** Its text, and about what the rest of it takes where it is kept. */
const sizeOf = ({ logLevel, log }: NodeLog) => Buffer.byteLength(logLevel) + Buffer.byteLength(log) + 50;

/** The same for reports with the same content. An output is compared as it was written: a repeat is sent as it was. */
function fingerprintOf(reported: NodeReport): string {
  const { status, output = null, logs = [] } = reported;
  const result = reported.status === 'COMPLETED' ? reported.result : null;
  return hashOf(JSON.stringify([status, result, output, logs.map(({ logLevel, log }) => [logLevel, log])]));
}

/**
 * How a run reads. It is COMPLETED while all of its nodes are, with the worst result among the last runs of each node: a node
 * that failed and then succeeded has succeeded.
 */
export function stateOfRun(run: Run, nowMs: number): RunState {
  const { nodeRuns } = run;
  if (nodeRuns.length === 0 || nodeRuns.some(({ status }) => status === 'IN_PROGRESS')) {
    return unfinished(run, nowMs);
  }
  const last = new Map(nodeRuns.map(({ nodeIdentifier, result }) => [nodeIdentifier, result]));
  const results = [...last.values()];
  const worst = (['FAILED', 'CANCELLED'] as const).find((result) => results.includes(result));
  return { status: 'COMPLETED', result: worst ?? 'SUCCESS' };
}

/** How one of its nodes reads. */
export function stateOfNode(run: Run, { result }: NodeRun, nowMs: number): RunState {
  return result === undefined ? unfinished(run, nowMs) : { status: 'COMPLETED', result };
}

function unfinished({ timesOutAtMs }: Run, nowMs: number): RunState {
  return { status: nowMs >= timesOutAtMs ? 'TIMED_OUT' : 'IN_PROGRESS' };
}
