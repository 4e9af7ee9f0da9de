/** The inside of the thread that synthesis.ts starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { synthesize } from '../app.ts';
import { type StageName, stageSettings } from '../stages.ts';

export interface SynthesisSettings {
  readonly stage: StageName;
  readonly outdir: string;
}

const { stage, outdir } = workerData as SynthesisSettings;
parentPort!.postMessage(await synthesize(() => stageSettings(stage), outdir));
