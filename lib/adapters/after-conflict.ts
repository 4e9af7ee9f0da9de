import { setTimeout as wait } from 'node:timers/promises';

/** Writes of one item that come at once: those that lose try again, each after a random wait. */
export const mostConflicts = 10;

export function afterConflict(conflicts: number): Promise<void> {
  return wait(Math.min(5 * 2 ** conflicts, 200) * Math.random());
}
