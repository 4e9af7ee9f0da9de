import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { synthesize } from '../../infra/app.ts';
import { stageSettings } from '../../infra/stages.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'fanout-gate-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('what is not as it should be fails the synthesis of a stage, and nothing else of it is found', async () => {
  const plant = (app: App) => {
    const stack = new Stack(app, 'Planted');
    new Queue(stack, 'Queue');
    new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }).addToPolicy(
      new PolicyStatement({ actions: ['s3:*'], resources: ['*'] }),
    );
    return stageSettings('sandbox');
  };
  const refusal = await synthesize(plant, folder).catch(String);
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
