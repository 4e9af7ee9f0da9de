import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { StageName, StageSettings } from '../stages.ts';
import type { SynthesisSettings } from './synthesis-worker.ts';

/**
 * Synthesizes a stage on a thread of its own: it keeps a thread busy for seconds, in which this one must answer
 * engines and show that something goes on; and the CDK's memory goes with the thread.
 * @param stage the name of a stage, or settings of one that is not in infra/stages.ts
 * @param folder gets everything that the synthesis writes, so that whoever made the folder can remove it all
 * @returns the folder of the cloud assembly, in `folder`
 * @throws the build's or the synthesis's own error
 */
export function synthesizeStage(stage: StageName | StageSettings, folder: string): Promise<string> {
  const workerData: SynthesisSettings = { stage, outdir: join(folder, 'assembly') };
  const worker = new Worker(new URL('./synthesis-worker.ts', import.meta.url), {
    workerData,
    execArgv: [],
    env: { ...process.env, TMPDIR: folder },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (assembly: string) => resolve(assembly));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`The synthesis ended with code ${code} and no answer.`)));
  });
}
