import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { synthesizeStage } from '../../infra/local/synthesis.ts';

/** The local stage's cloud assembly: synthesized once for all files of a run. */
export async function localAssembly(): Promise<string> {
  const shared = join(inject('sharedFolder'), 'local-stage');
  if (!existsSync(shared)) {
    const own = await mkdtemp(`${shared}-`);
    await synthesizeStage('local', own);
    // Where another file was first, its assembly serves as well.
    await rename(own, shared).catch(() => rm(own, { recursive: true }));
  }
  return join(shared, 'assembly');
}
