import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inject } from 'vitest';
import { synthesizeStage } from '../infra/local/synthesis.ts';
import { stages } from '../infra/stages.ts';

/**
 * The local stage, but for the time that first attempts get: beside other files an endpoint in the test's own process may take
 * long for its answer, and is not to be taken for a slow one.
 */
export const patientStage = { ...stages.local, inlineBudgetMs: 3 * stages.local.inlineBudgetMs };

/** Its cloud assembly: synthesized once for all files of a run, by the one that asks first. */
export async function localAssembly(): Promise<string> {
  const shared = join(inject('sharedFolder'), 'local-stage');
  const own = `${shared}.making`;
  while (!existsSync(shared)) {
    const isFirst = await mkdir(own).then(
      () => true,
      () => false,
    );
    if (isFirst && !existsSync(shared)) await make(own, shared);
    else await wait(100);
  }
  return join(shared, 'assembly');
}

async function make(own: string, shared: string): Promise<void> {
  try {
    await synthesizeStage(patientStage, own);
    await rename(own, shared);
  } catch (error) {
    // Whoever waits tries as well, and tells why it does not work.
    await rm(own, { recursive: true });
    throw error;
  }
}
