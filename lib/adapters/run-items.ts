import type { NodeLog, NodeRun, Run } from '../core/run.ts';
import type { Item } from './dynamodb-batch.ts';

/** A run is an item of its own, and one for each run of a node, under one partition key. */
const runSortKey = 'RUN';

export function runKey(id: string): string {
  return `RUN#${id}`;
}

/** Leads from a node's run to the run. */
export function nodeRunKey(id: string): Item {
  return { pk: { S: `NODE_RUN#${id}` }, sk: { S: 'NODE_RUN' } };
}

/** A run without the runs of its nodes. Inputs stand by themselves: quotes inside of another JSON would double. */
export function runItem({ nodeRuns, inputs, ...run }: Run): Item {
  return {
    pk: { S: runKey(run.id) },
    sk: { S: runSortKey },
    run: { S: JSON.stringify(run) },
    ...(inputs !== undefined && { inputs: { S: inputs } }),
  };
}

/** Logs are a list of DynamoDB's: control characters, of which terminals are full, take six bytes each in JSON. */
export function nodeRunItem({ id: runId }: Run, { output, logs, ...nodeRun }: NodeRun): Item {
  return {
    pk: { S: runKey(runId) },
    sk: { S: `NODE_RUN#${nodeRun.id}` },
    node_run: { S: JSON.stringify(nodeRun) },
    ...(output !== undefined && { output: { S: output } }),
    logs: { L: logs.map(logEntry) },
  };
}

/** The run that items under its key say; undefined where they are only those of a run whose making was broken off. */
export function readRun(items: readonly Item[]): Run | undefined {
  const item = items.find(({ sk }) => sk!.S === runSortKey);
  if (item === undefined) return undefined;
  const inputs = item['inputs']?.S;
  return {
    ...(JSON.parse(item['run']!.S!) as Omit<Run, 'inputs' | 'nodeRuns'>),
    ...(inputs !== undefined && { inputs }),
    nodeRuns: items
      .filter((one) => one !== item)
      .map(readNodeRun)
      .sort((one, other) => one.createdAtMs - other.createdAtMs),
  };
}

function readNodeRun(item: Item): NodeRun {
  const output = item['output']?.S;
  return {
    ...(JSON.parse(item['node_run']!.S!) as Omit<NodeRun, 'output' | 'logs'>),
    ...(output !== undefined && { output }),
    logs: item['logs']!.L!.map(({ M: entry }) => ({
      logLevel: entry!['level']!.S!,
      log: entry!['log']!.S!,
      createdAtMs: Number(entry!['at']!.N),
    })),
  };
}

function logEntry({ logLevel, log, createdAtMs }: NodeLog) {
  return { M: { level: { S: logLevel }, log: { S: log }, at: { N: String(createdAtMs) } } };
}
