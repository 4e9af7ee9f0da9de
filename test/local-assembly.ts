import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inject } from 'vitest';
import { synthesize } from '../infra/app.ts';
import { bundleFunctions } from '../infra/bundle.ts';
import { checkedSettings, type StageSettings, stages } from '../infra/stages.ts';

/**
 * The local stage, but for the time that first attempts get: beside other files an endpoint in the test's own process may take
 * long for its answer, and is not to be taken for a slow one.
 */
export const patientStage = { ...stages.local, inlineBudgetMs: 3 * stages.local.inlineBudgetMs };

/** Its cloud assembly: synthesized once for all files of a run. */
export function localAssembly(): Promise<string> {
  return madeOnce('local-stage', (folder) => synthesizeInto(folder, patientStage));
}

/** The cloud assembly of another stage, with the same bundles: in a folder that is removed at the end of the run. */
export async function assemblyOf(stage: StageSettings): Promise<string> {
  const folder = await mkdtemp(join(inject('sharedFolder'), 'stage-'));
  await synthesizeInto(folder, stage);
  return folder;
}

async function synthesizeInto(folder: string, stage: StageSettings): Promise<void> {
  const bundles = await madeOnce('bundles', bundleFunctions);
  const putBundles = (to: string) => cp(bundles, to, { recursive: true });
  await synthesize(() => checkedSettings(stage), folder, false, putBundles);
}

/** A folder that all files of a run share, made by the one that asks first. */
async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const shared = join(inject('sharedFolder'), name);
  const own = `${shared}.making`;
  while (!existsSync(shared)) {
    const isFirst = await mkdir(own).then(
      () => true,
      () => false,
    );
    if (!isFirst || existsSync(shared)) {
      await wait(100);
      continue;
    }
    try {
      await make(own);
      await rename(own, shared);
    } catch (error) {
      // Whoever waits tries as well, and tells why it does not work.
      await rm(own, { recursive: true });
      throw error;
    }
  }
  return shared;
}
