import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { afterAll, beforeAll } from 'vitest';
import { addStacks } from '../../infra/app.ts';
import { functionNames } from '../../infra/bundle.ts';
import { readCloudAssembly, type StackTemplate } from '../../infra/local/cloud-assembly.ts';
import { type Plan, planMachine } from '../../infra/local/machine.ts';
import type { StageSettings } from '../../infra/stages.ts';

export interface StageTemplates {
  /** A stack of the stage by its name in the app. */
  readonly template: (settings: StageSettings, stack: string) => Template;
  /** The stacks of the stage, in their order. */
  readonly stacks: (settings: StageSettings) => readonly Stack[];
  /** Their names. */
  readonly stackNames: (settings: StageSettings) => string[];
  /** The stacks as a deploy, or the local machine, reads them. */
  readonly assembly: (settings: StageSettings) => StackTemplate[];
  /** The resources of the local plan that have a type. */
  readonly planned: (settings: StageSettings, type: string) => Plan['resources'];
}

/** What stands for the functions' bundles where nobody runs them. */
export async function putStubs(folder: string): Promise<void> {
  for (const name of functionNames()) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'index.mjs'), `export const handler = () => '${name}';`);
  }
}

/** Synthesizes stages of a test file, each object of settings once, with stubs for the functions. Files are removed when the tests have run. */
export function stageTemplates(): StageTemplates {
  let functions: string;
  beforeAll(async () => {
    functions = mkdtempSync(join(tmpdir(), 'fanout-stacks-test-'));
    await putStubs(functions);
  });
  afterAll(() => rmSync(functions, { recursive: true }));
  const apps = new Map<StageSettings, App>();
  const build = (settings: StageSettings): App => {
    const built = apps.get(settings);
    if (built) return built;
    const app = new App({
      context: { ...featureFlags },
      outdir: mkdtempSync(join(functions, 'out-')),
      // Takes most of the time; test/infra/gate.test.ts has everything checked.
      builtinCloudFormationValidation: false,
    });
    addStacks(app, settings, functions);
    apps.set(settings, app);
    return app;
  };
  const stacksOf = (settings: StageSettings) => build(settings).node.children.filter(Stack.isStack);
  const stackOf = (settings: StageSettings, stack: string) =>
    build(settings).node.tryFindChild(stack) as Stack | undefined;
  return {
    stacks: stacksOf,
    stackNames: (settings) => stacksOf(settings).map(({ node }) => node.id),
    template: (settings, stack) => Template.fromStack(stackOf(settings, stack)!),
    assembly: (settings) => readCloudAssembly(build(settings).synth().directory),
    planned: (settings, type) =>
      planMachine(build(settings).synth().directory).resources.filter((resource) => resource.type === type),
  };
}
