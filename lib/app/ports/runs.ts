import type { Run } from '../../core/run.ts';

export interface Runs {
  /**
   * Keeps a new run and the runs of its nodes, until some time after it times out.
   * @returns whether its id was free; if not, what has it stays as it is
   */
  create(run: Run): Promise<boolean>;
  get(id: string): Promise<Run | undefined>;
  /** @returns the id of the run that has this run of a node */
  runOf(nodeRunId: string): Promise<string | undefined>;
  /**
   * Keeps what `change` makes of a run: its outputs, when it times out, and runs of nodes that are new, other objects than
   * before, or gone. What others write in between is not lost: then `change` is called again. What it throws is thrown, and nothing is written.
   * @returns undefined when there is none
   */
  update(id: string, change: (run: Run) => Run): Promise<Run | undefined>;
}
