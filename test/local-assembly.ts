import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inject } from 'vitest';
import { synthesizeStage } from '../infra/local/synthesis.ts';

/** The local stage's cloud assembly: synthesized once for all files of a run, by the one that asks first. */
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
    await synthesizeStage('local', own);
    await rename(own, shared);
  } catch (error) {
    // Whoever waits tries as well, and tells why it does not work.
    await rm(own, { recursive: true });
    throw error;
  }
}
