import { rmSync } from 'node:fs';
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Engines, startEngines } from '../../../infra/local/engines/engines.ts';
import { kafkaClientOptions } from '../../../infra/local/engines/kafka-client.ts';
import { freePort } from '../../../infra/local/free-port.ts';
import { type Machine, type Plan, planMachine, runMachine } from '../../../infra/local/machine.ts';
import { type FixtureSettings, synthesizeFixture } from './fixture-app.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function planned(settings: FixtureSettings = {}): Plan {
  const folder = synthesizeFixture(settings);
  folders.push(folder);
  return planMachine(folder);
}

describe('a plan follows the templates alone', { timeout: 60_000 }, () => {
  /** The properties that differ between two plans, as `path: before -> after`. */
  const differences = (settings: FixtureSettings): string[] => {
    const [before, after] = [planned(), planned(settings)].map((plan) =>
      plan.resources.map(({ type, properties }) => JSON.stringify({ type, properties })),
    );
    return after!.filter((resource) => !before!.includes(resource));
  };

  it('is the same for the same app', () => {
    expect(differences({})).toEqual([]);
  });

  it.each<[string, FixtureSettings, string, string]>([
    ['a batch size', { batchSize: 6 }, 'AWS::Lambda::EventSourceMapping', '"BatchSize":6'],
    ['a route', { route: '/others' }, 'AWS::ApiGatewayV2::Route', '"RouteKey":"POST /others"'],
    ['an environment variable', { greeting: 'ahoy' }, 'AWS::Lambda::Function', '"GREETING":"ahoy"'],
  ])('and %s of the app changes just that', (_, settings, type, property) => {
    const found = differences(settings);
    expect(
      found.some((resource) => resource.includes(`"type":"${type}"`) && resource.includes(property)),
    ).toBe(true);
    // A new route brings an integration of its own.
    const types = new Set(found.map((resource) => (JSON.parse(resource) as { type: string }).type));
    types.delete('AWS::ApiGatewayV2::Integration');
    expect([...types]).toEqual([type]);
  });
});

describe('a machine on real engines', () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  let engines: Engines;
  let machine: Machine;
  let dynamodb: DynamoDBClient;
  let sqs: SQSClient;
  const lines: string[] = [];

  beforeAll(async () => {
    engines = await startEngines({ fast: true, say: () => {} });
    const plan = planned();
    const options = {
      apiPort: await freePort(),
      say: (line: string) => void lines.push(line),
      log: (line: string) => void lines.push(line),
    };
    machine = await runMachine(plan, engines, options);
    dynamodb = new DynamoDBClient({ endpoint: engines.dynamodbUrl, region: 'us-east-1', credentials });
    sqs = new SQSClient({ endpoint: engines.sqsUrl, region: 'us-east-1', credentials });
  }, 120_000);

  afterAll(async () => {
    dynamodb?.destroy();
    sqs?.destroy();
    await machine?.stop();
    await engines?.stop();
  });

  const output = (name: string) => Object.values(machine.outputs).find((outputs) => name in outputs)![name]!;
  const keptKeys = async () => {
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: output('TableName') }));
    return Items.map(({ pk }) => pk!.S);
  };

  it('has the tables of the templates, with indexes and time to live', async () => {
    const TableName = output('TableName');
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    expect(Table!.KeySchema).toEqual([{ AttributeName: 'pk', KeyType: 'HASH' }]);
    expect(Table!.GlobalSecondaryIndexes).toMatchObject([
      { IndexName: 'by_kind', Projection: { ProjectionType: 'ALL' } },
    ]);
    const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'ends_at', TimeToLiveStatus: 'ENABLED' });
  });

  it('has the queues of the templates, with their redrive policy', async () => {
    const command = new GetQueueAttributesCommand({ QueueUrl: output('QueueUrl'), AttributeNames: ['All'] });
    const { Attributes } = await sqs.send(command);
    expect(Attributes!['VisibilityTimeout']).toBe('30');
    const policy = JSON.parse(Attributes!['RedrivePolicy']!) as {
      maxReceiveCount: number;
      deadLetterTargetArn: string;
    };
    expect(Number(policy.maxReceiveCount)).toBe(7);
    expect(policy.deadLetterTargetArn).toContain(':FixtureData-Dead');
  });

  it('has the topics of the templates, with what one broker can do of them', async () => {
    const admin = new kafkajs.Kafka(kafkaClientOptions(engines.kafka)).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['things'] });
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name: 'things' }],
    });
    await admin.disconnect();
    expect(topics[0]!.partitions).toHaveLength(2);
    const value = (name: string) =>
      resources[0]!.configEntries.find((entry) => entry.configName === name)?.configValue;
    expect([value('retention.ms'), value('min.insync.replicas')]).toEqual(['3600000', '1']);
  });

  it('serves the routes behind the authorizer; the function has its variables, secret and queue', async () => {
    const call = (authorization: string) =>
      fetch(`${output('Url')}/things/1`, { method: 'POST', body: 'first', headers: { authorization } });
    expect((await call('let me in please')).status).toBe(403);
    const answer = await call('let me in');
    expect(answer.status).toBe(200);
    const secret = machine.secretValue(output('SecretArn'));
    expect(await answer.json()).toEqual({ greeting: 'hello', secret, who: 'me' });
    expect(secret).toMatch(/^[A-Za-z0-9]{12}$/);
    expect(output('Url')).toBe(machine.url);
    await vi.waitFor(async () => expect(await keptKeys()).toContain('queue first'), { timeout: 15_000 });
  });

  it('polls the topics', async () => {
    const producer = new kafkajs.Kafka(kafkaClientOptions(engines.kafka)).producer();
    await producer.connect();
    await producer.send({ topic: 'things', messages: [{ value: 'second' }] });
    await producer.disconnect();
    await vi.waitFor(async () => expect(await keptKeys()).toContain('topic second'), { timeout: 15_000 });
  });

  it('stops what it started: nothing answers and nothing is polled', async () => {
    await machine.stop();
    await expect(fetch(machine.url)).rejects.toThrow();
    await expect(machine.functions[0]!.invoke({})).rejects.toThrow(/stopped/);
  });

  it('starts again on engines that still have its tables, queues and topics', async () => {
    const options = {
      apiPort: await freePort(),
      say: (line: string) => void lines.push(line),
      log: () => {},
    };
    const again = await runMachine(planned(), engines, options);
    await again.stop();
    expect(lines).toContain(`Table ${output('TableName')} is there already and used as it is`);
    expect(lines).toContain('Topic things is there already and used as it is');
  });

  it('says which resource could not be created, and leaves nothing running', async () => {
    const plan = planned({ topic: 'not a topic name' });
    const options = { apiPort: await freePort(), say: () => {}, log: () => {} };
    await expect(runMachine(plan, engines, options)).rejects.toThrow('FixtureData/Topic (AWS::MSK::Topic): ');
    await expect(fetch(`http://127.0.0.1:${options.apiPort}`)).rejects.toThrow();
  });
});
