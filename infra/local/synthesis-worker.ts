/** The inside of the thread that synthesis.ts starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { synthesize } from '../app.ts';
import { checkedSettings, type StageName, type StageSettings, stageSettings } from '../stages.ts';

export interface SynthesisSettings {
  readonly stage: StageName | StageSettings;
  readonly outdir: string;
}

const { stage, outdir } = workerData as SynthesisSettings;
parentPort!.postMessage(
  await synthesize(
    () => (typeof stage === 'string' ? stageSettings(stage) : checkedSettings(stage)),
    outdir,
    false,
  ),
);
