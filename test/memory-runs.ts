import type { Runs } from '../lib/app/ports/runs.ts';
import type { Run } from '../lib/core/run.ts';

/** Runs in memory. */
export function memoryRuns(): Runs {
  const runs = new Map<string, Run>();
  return {
    async create(run) {
      if (runs.has(run.id)) return false;
      runs.set(run.id, run);
      return true;
    },
    get: async (id) => runs.get(id),
    async runOf(nodeRunId) {
      return [...runs.values()].find(({ nodeRuns }) => nodeRuns.some(({ id }) => id === nodeRunId))?.id;
    },
    async update(id, change) {
      const found = runs.get(id);
      if (found === undefined) return undefined;
      const changed = change(found);
      runs.set(id, changed);
      return changed;
    },
  };
}
