import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { synthesize } from '../../infra/app.ts';
import { stageProblems, stages } from '../../infra/stages.ts';
import { putStubs } from './stage-templates.ts';
import { stageVariants } from './stage-variants.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'fanout-gate-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each(Object.entries(stageVariants))(
  '%s: breaks no rule',
  async (_, settings) => {
    expect(stageProblems(settings)).toEqual([]);
    await synthesize(() => settings, folder, true, putStubs);
  },
  120_000,
);

test('what is not as it should be fails the synthesis of a stage, and nothing else of it is found', async () => {
  const plant = (app: App) => {
    const stack = new Stack(app, 'Planted');
    new Queue(stack, 'Queue');
    new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }).addToPolicy(
      new PolicyStatement({ actions: ['s3:*'], resources: ['*'] }),
    );
    return stages.sandbox;
  };
  const refusal = await synthesize(plant, folder, true, putStubs).catch(String);
  const found = refusal.matchAll(/^ +(\S+) .*\n +Acknowledge with '([^']+)'/gm);
  const rules = [...found].map(([, path, rule]) => `${path!.split('/')[0]} ${rule}`);
  // Nothing of the stage itself is among them.
  expect(new Set(rules)).toEqual(
    new Set([
      'Planted AwsSolutions::AwsSolutions-IAM5[Action::s3:*]',
      'Planted AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      'Planted AwsSolutions::AwsSolutions-SQS3',
      'Planted AwsSolutions::AwsSolutions-SQS4',
    ]),
  );
}, 120_000);
