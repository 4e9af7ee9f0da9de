import type { Rejection } from '../../core/rejection.ts';
import type { Transform, TransformFault, TransformInput } from '../../core/transform.ts';

/** Events as JSON texts, none when the record is to be skipped; or why the record is refused. */
export type TransformOutcome = { readonly events: readonly string[] } | { readonly rejection: Rejection };

/** Runs transforms in a sandbox: no host objects, no network, capped memory and time. */
export interface TransformRunner {
  /**
   * Runs records through a transform, one after the other; none sees anything of another.
   * @param deadlineMs milliseconds since 1970. No record begins after it.
   * @returns one outcome a record, in their order; fewer when the deadline came first, but at least one. What the
   *   code does makes a rejection of its own record, never an error.
   * @throws when saved code does not load in time: the records are to come again
   */
  run(
    transform: Transform,
    inputs: readonly TransformInput[],
    deadlineMs: number,
  ): Promise<TransformOutcome[]>;
  /** @returns why the code cannot be compiled, or undefined when it can */
  check(transform: Transform): Promise<TransformFault | undefined>;
}
