import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Tags, Validations } from 'aws-cdk-lib';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFunctions } from './bundle.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { DeliveryStack } from './stacks/delivery.ts';
import { IngestStack } from './stacks/ingest.ts';
import { NetworkStack } from './stacks/network.ts';
import { PublishStack } from './stacks/publish.ts';
import { StreamingStack } from './stacks/streaming.ts';
import { FanoutFunction } from './constructs/fanout-function.ts';
import { StreamsStack } from './stacks/streams.ts';
import { WatchStack } from './stacks/watch.ts';
import { type StageSettings, stageSettings } from './stages.ts';

/** The stacks of one stage. `functions` is the folder that has the bundle of each function in a folder of its name. */
export function addStacks(app: App, settings: StageSettings, functions: string): void {
  const stack = (part: string, { holdsData = false } = {}) => ({
    stackName: `fanout-${settings.name}-${part}`,
    env: { region: settings.region },
    // In production also what can be made anew: the API's address would be another.
    terminationProtection: settings.name === 'production' || (holdsData && settings.name !== 'local'),
    settings,
    functions,
  });
  const { config, events, secrets } = new DataStack(app, 'Data', stack('data', { holdsData: true }));
  const { cluster } = settings;
  const hasNetwork = cluster.kind !== 'none' || settings.staticEgress;
  const network = hasNetwork
    ? new NetworkStack(app, 'Network', stack('network', { holdsData: true }))
    : undefined;
  const kafka =
    network && cluster.kind !== 'none'
      ? new StreamingStack(app, 'Streaming', { ...stack('streaming', { holdsData: true }), cluster, network })
          .kafka
      : undefined;
  const { queues } = new DeliveryStack(app, 'Delivery', {
    ...stack('delivery'),
    config,
    events,
    secrets,
    network,
  });
  new IngestStack(app, 'Ingest', {
    ...stack('ingest'),
    config,
    events,
    secrets,
    kafka,
    network,
    queues,
  });
  new StreamsStack(app, 'Streams', { ...stack('streams'), config, events, secrets, queues, kafka });
  const publishing = new PublishStack(app, 'Publish', {
    ...stack('publish'),
    config,
    events,
    secrets,
    kafka,
  });
  new ApiStack(app, 'Api', { ...stack('api'), config, events, secrets, queues, publishing, network });
  const deployed = app.node.findAll().filter((construct) => construct instanceof FanoutFunction);
  new WatchStack(app, 'Watch', {
    ...stack('watch'),
    queues,
    events,
    clusterName: kafka?.name,
    deployed: new Map(deployed.map((each) => [each.node.id, each])),
  });
  Tags.of(app).add('application', 'fanout');
  Tags.of(app).add('stage', settings.name);
  for (const [name, value] of Object.entries(settings.costTags)) Tags.of(app).add(name, value);
}

/**
 * Synthesizes a stage, with no account, no credentials and no look-up.
 * @param choose the stage's settings; they get the app because the CDK command line hands over its context there
 * @param outdir where the cloud assembly goes; without it, where the CDK command line says
 * @param isChecked whether what breaks a rule of AWS's is an error; it takes seconds, and matters only there
 * @param putFunctions fills a folder with the bundles of all functions
 * @returns the folder of the cloud assembly
 */
export async function synthesize(
  choose: (app: App) => StageSettings,
  outdir?: string,
  isChecked = true,
  putFunctions: (folder: string) => Promise<void> = bundleFunctions,
): Promise<string> {
  const app = new App({
    context: { ...featureFlags },
    analyticsReporting: false,
    autoSynth: false,
    outdir,
    builtinCloudFormationValidation: isChecked,
  });
  const settings = choose(app);
  const functions = mkdtempSync(join(tmpdir(), 'fanout-bundle-'));
  try {
    await putFunctions(functions);
    addStacks(app, settings, functions);
    if (isChecked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    return app.synth().directory;
  } finally {
    rmSync(functions, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await synthesize((app) => stageSettings(String(app.node.tryGetContext('stage') ?? '')));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
