import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { prepareEngines } from '../infra/local/engines/engines.ts';
import { checkUsedPermissions } from './e2e/used-permissions.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for what files of tests leave for others, and for the end of the run. */
    readonly sharedFolder: string;
  }
}

/** Before all tests: what files that run side by side would else each make. After them: what only shows over all of them. */
export async function setup(project: TestProject) {
  await prepareEngines((line) => void process.stdout.write(`${line}\n`));
  const folder = mkdtempSync(join(tmpdir(), 'fanout-tests-'));
  project.provide('sharedFolder', folder);
  return () => {
    try {
      checkUsedPermissions(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}
