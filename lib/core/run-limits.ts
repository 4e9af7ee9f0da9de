import type { Run } from './run.ts';

/** Bytes of what is given to a run, inputs and outputs, with the names of nodes: they are kept in one item. */
export const mostGivenBytes = 128 * 1024;
/** Bytes of an output that is reported, which is kept with the logs beside it. */
export const mostOutputBytes = 128 * 1024;
/** The same for all nodes of a run together: every later node is rendered against them. */
export const mostReportedBytes = 1024 * 1024;
/** How deep objects and arrays of an input or output stand in each other: templates see them three levels down. */
export const mostGivenLevels = 61;

export function givenBytes({ inputs = '', outputs }: Pick<Run, 'inputs' | 'outputs'>): number {
  return Object.entries(outputs).reduce(
    (sum, [node, output]) => sum + Buffer.byteLength(node) + Buffer.byteLength(output),
    Buffer.byteLength(inputs),
  );
}

export function reportedBytes({ nodeRuns }: Pick<Run, 'nodeRuns'>): number {
  return nodeRuns.reduce((sum, { output = '' }) => sum + Buffer.byteLength(output), 0);
}
