import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { type Fanout, startFanout } from '../../infra/local/fanout-local.ts';
import { clusterArn, startAwsEndpoint } from '../adapters/aws-endpoint.ts';
import {
  authorizerEvent,
  customResourceEvent,
  httpEvent,
  mskEvent,
  scheduledEvent,
  selfManagedKafkaEvent,
  sqsEvent,
} from '../aws-events.ts';
import { startFreshProcess } from '../fresh-process.ts';
import { startReceiver } from '../receiver.ts';
import { localAssembly } from '../local-assembly.ts';

let fanout: Fanout;
beforeAll(async () => {
  fanout = await startFanout({ say: () => {}, fast: true, assembly: await localAssembly() });
});
afterAll(() => fanout?.stop());

const event = JSON.stringify({ event_type: 'a', owner_id: 'nobody', data: 1 });
const wakeUp = JSON.stringify({
  event_id: '01HF7YAT00QKZ1V2B3N4M5P6R7',
  endpoint_id: 'ep_1',
  attempts_made: 0,
});
const notification = { id: 'evt_1', created_at: '2021-07-21T14:10:00Z', type: 'A', object: { id: '1' } };
const none = { batchItemFailures: [] };
const noOrg = expect.objectContaining({ statusCode: 404 }) as unknown;

/** What each function is called with, and what it answers where there is nothing yet. */
const calls: Record<string, () => [event: unknown, answer: unknown][]> = {
  Authorize: () => [
    [authorizerEvent(`Bearer ${fanout.operatorKey}`), { isAuthorized: true, context: { role: 'operator' } }],
    [authorizerEvent('Bearer other'), { isAuthorized: false, context: {} }],
  ],
  Describe: () => [[httpEvent('GET /openapi.json', {}), expect.objectContaining({ statusCode: 200 })]],
  Handle: () => [
    [httpEvent('GET /healthz', {}), expect.objectContaining({ statusCode: 200 })],
    [httpEvent('GET /v1/orgs/{org}', { org: 'nobody' }), noOrg],
  ],
  Ingest: () => [
    [mskEvent(fanout.ingestTopic, event), none],
    [selfManagedKafkaEvent(fanout.ingestTopic, event), none],
  ],
  DeliverSlow: () => [[sqsEvent(wakeUp), none]],
  Deliver: () => [[sqsEvent(wakeUp), none]],
  FanOut: () => [[sqsEvent('01HF7YAT00QKZ1V2B3N4M5P6R7'), none]],
  Replay: () => [[sqsEvent('rpl_1'), none]],
  Sweep: () => [[scheduledEvent, undefined]],
  Provision: () => [[sqsEvent('nobody'), none]],
  PublishPrices: () => [[httpEvent('POST /v1/orgs/{org}/prices', { org: 'nobody' }, notification), noOrg]],
  Publish: () => [[httpEvent('POST /v1/orgs/{org}/notifications', { org: 'nobody' }, notification), noOrg]],
};

/** The local stage has no source that is read as a user of MSK's. */
test('the function of the custom resource tells CloudFormation why a cluster could not be asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanout-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await bundle([{ in: 'functions/source-access/handler.ts', out: 'source-access/index' }], folder);
  const aws = await startAwsEndpoint('127.0.0.1:9');
  onTestFinished(() => aws.stop());
  const cloudFormation = await startReceiver();
  onTestFinished(() => cloudFormation.stop());
  const fresh = await startFreshProcess({
    codeFolder: join(folder, 'source-access'),
    variables: {
      CLUSTER: JSON.stringify({ kind: 'msk', clusterArn, region: 'eu-central-1' }),
      AWS_ENDPOINT_URL_KAFKA: aws.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
  });
  onTestFinished(() => fresh.stop());
  const told: unknown[] = [];
  for (const type of ['Create', 'Update', 'Delete'] as const) {
    await fresh.invoke(customResourceEvent(type, cloudFormation.url));
    told.push(JSON.parse(cloudFormation.received.at(-1)!.body));
  }
  const failed = { Status: 'FAILED', PhysicalResourceId: 'fanout-orders', LogicalResourceId: 'Reader' };
  const reason = expect.stringContaining('127.0.0.1:9') as string;
  expect(told).toEqual(
    [1, 2, 3].map(() => expect.objectContaining({ ...failed, Reason: reason }) as unknown),
  );
});

test('each function handles each kind of event, as AWS documents it, in a process of its own', async () => {
  const started = new Set<string>();
  for (const localFunction of fanout.machine.functions) {
    const kind = Object.keys(calls).find((name) => localFunction.name.includes(`-${name}`));
    expect(kind, localFunction.name).toBeDefined();
    const fresh = await startFreshProcess(localFunction);
    onTestFinished(() => fresh.stop());
    for (const [input, answer] of calls[kind!]!()) expect(await fresh.invoke(input), kind).toEqual(answer);
    started.add(kind!);
  }
  expect([...started].sort()).toEqual(Object.keys(calls).sort());
});
