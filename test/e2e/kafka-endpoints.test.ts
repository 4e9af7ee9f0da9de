import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engines, startEngines } from '../../infra/local/engines/engines.ts';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { stages } from '../../infra/stages.ts';
import { createTopic, readTopic } from '../adapters/kafka-topics.ts';
import { receiverPool } from '../receiver.ts';
import { type ApiClient, apiClient, problem, time } from './api/api-client.ts';
import { startWatchedFanout } from './canaries.ts';
import { connectClient } from './fanout-client.ts';

let engines: Engines;
let fanout: Fanout;
let client: ApiClient;
const receivers = receiverPool();

beforeAll(async () => {
  engines = await startEngines({ fast: true, say: () => {} });
  const authority = engines.kafkaTls?.certificateAuthority;
  const stage = { ...stages.local, kafkaCertificateAuthorities: authority ? [authority] : [] };
  fanout = await startWatchedFanout({ engines, stage });
  client = apiClient(fanout, await connectClient(fanout));
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await engines?.stop();
  await receivers.stop();
});

interface KafkaEndpointBody {
  readonly id: string;
  readonly config: Record<string, unknown>;
  readonly credentials: { readonly username: string; readonly password: string };
}

/** The reference page's request, for the local broker. */
function kafkaEndpoint(topic: string, config: object = {}, credentials: object = {}) {
  const { bootstrapServers: brokers, username, password } = engines.kafka;
  return {
    type: 'kafka',
    event_types: ['orders'],
    config: { brokers, topic, sasl_mechanism: 'scram-sha-256', tls: 'false', ...config },
    credentials: { username, password, ...credentials },
    retry: { schedule_seconds: [1, 1, 1] },
  };
}

async function create(org: string, body: object): Promise<KafkaEndpointBody> {
  const answer = await client.call<KafkaEndpointBody>('POST', `/v1/orgs/${org}/endpoints`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

const data = '{"order_id": "123", "status": "created", "total": 12345678901234567890}';

/** When events happen here: the test's hour is the one that lists show. */
const eventTimeMs = Date.now() - 1234;

async function publish(org: string, text = data): Promise<void> {
  const value = `{"event_type": "orders", "owner_id": "${org}", "data": ${text}, "custom_headers": {"Source": "checkout-service", "event-id": "not-ours"}}`;
  await client.produce({ value, timestamp: String(eventTimeMs) });
}

/** What the org's only event came to. */
async function traceOf(org: string) {
  const { status, body } = await client.call<{ data: { id: string }[] }>('GET', `/v1/orgs/${org}/events`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.length === 1 ? client.trace(body.data[0]!.id) : undefined;
}

describe('an event arrives as the reference says', () => {
  test.each([
    ['plain', false],
    ['scram-sha-256', false],
    ['scram-sha-512', false],
    ['plain', true],
    ['scram-sha-256', true],
    ['scram-sha-512', true],
  ])('by %s, with TLS: %s', async (mechanism, tls) => {
    const topic = await createTopic(engines.kafka, { partitions: 3 });
    const org = await client.createOrg();
    const brokers = (tls ? engines.kafkaTls! : engines.kafka).bootstrapServers;
    const config = { brokers, sasl_mechanism: mechanism, ...(!tls && { tls: 'false' }) };
    const { config: given, ...endpoint } = kafkaEndpoint(topic);
    const { tls: off, ...rest } = given;
    const made = await create(org, { ...endpoint, config: { ...rest, ...config } });
    expect(made).toMatchObject({
      type: 'kafka',
      owner_id: org,
      event_types: ['orders'],
      config: { brokers, topic, sasl_mechanism: mechanism, tls, timeout_ms: 10_000 },
      credentials: {
        username: engines.kafka.username,
        password: expect.stringMatching(/^….{0,4}$/) as string,
      },
    });

    await publish(org);
    await expect.poll(() => readTopic(engines.kafka, topic)).toHaveLength(1);
    const [message] = await readTopic(engines.kafka, topic);
    const trace = (await traceOf(org))!;
    expect(message).toMatchObject({
      key: trace.id,
      value: data,
      headers: {
        'content-type': 'application/json',
        'event-id': trace.id,
        topic: 'orders',
        timestamp: String(Math.floor(eventTimeMs / 1000)),
        source: 'checkout-service',
      },
    });
    expect(Object.keys(message!.headers)).toHaveLength(5);
    const { partition, offset } = message!;
    expect(trace).toMatchObject({
      state: 'delivered',
      deliveries: [{ endpoint_id: made.id }],
    });
    // Ingest may not have waited for the first connection.
    expect(trace.deliveries[0]!.attempts.at(-1)).toMatchObject({ at: time, partition, offset });
  });
});

test.each([
  ['data.customer_id', '{"customer_id": 1000000}', '1000000'],
  ['data.customer_id', '{"customer_id": 12345678901234567890}', '12345678901234567890'],
  ['data.customer_id', '{"other": 1}', undefined],
  ['data.customer_id', '{"customer_id": null}', undefined],
  ['data.customer_id', '{"customer_id": ""}', undefined],
  ['length(data.customer_id)', '{"customer_id": 1}', undefined],
  ['data.customer', '{"customer": {"id": 1.10, "tags": ["a", "b"]}}', '{"id":1.10,"tags":["a","b"]}'],
  ['metadata.source', '{}', 'checkout-service'],
  ["join('-', [metadata.topic, data.id])", '{"id": "a"}', 'orders-a'],
])('the key that %s gives for %s is %s', async (template, text, key) => {
  const topic = await createTopic(engines.kafka);
  const org = await client.createOrg();
  await create(org, kafkaEndpoint(topic, { partition_key_template: template }));
  await publish(org, text);
  await expect.poll(() => readTopic(engines.kafka, topic)).toHaveLength(1);
  const [message] = await readTopic(engines.kafka, topic);
  expect(message!.key).toBe(key ?? message!.headers['event-id']);
});

test('what is wrong with an endpoint is told all at once', async () => {
  const org = await client.createOrg();
  const { status, body } = await client.call('POST', `/v1/orgs/${org}/endpoints`, {
    type: 'kafka',
    config: {
      brokers: 'broker1, http://broker2:9092,10.0.0.1:9092',
      topic: 'a topic',
      sasl_mechanism: 'gssapi',
      tls: 'maybe',
      partition_key_template: 'data.[',
      acks: 1,
    },
    credentials: { username: '' },
  });
  expect(status).toBe(400);
  expect(new Set(body.errors!.map(({ path }) => path))).toEqual(
    new Set([
      'config.brokers',
      'config.topic',
      'config.sasl_mechanism',
      'config.tls',
      'config.partition_key_template',
      'config.acks',
      'credentials.username',
      'credentials.password',
    ]),
  );
  const privateAddress = kafkaEndpoint('orders', { brokers: '10.0.0.1:9092' });
  expect(await client.call('POST', `/v1/orgs/${org}/endpoints`, privateAddress)).toMatchObject({
    status: 400,
    ...problem('invalid_request'),
    body: { errors: [{ path: 'config.brokers' }] },
  });
});

describe('what goes wrong is told by its class, and other endpoints go on', () => {
  test.each<[string, string, (topic: string) => object]>([
    [
      'a wrong password',
      'authentication',
      (topic) => kafkaEndpoint(topic, {}, { password: 'wrong-password' }),
    ],
    ['a topic that is not there', 'unknown_topic', (topic) => kafkaEndpoint(`${topic}-not-there`)],
    ['a port where nobody listens', 'refused', (topic) => kafkaEndpoint(topic, { brokers: '127.0.0.1:1' })],
    ['a name that is none', 'dns', (topic) => kafkaEndpoint(topic, { brokers: 'nowhere.invalid:9092' })],
    ['TLS where there is none', 'tls', (topic) => kafkaEndpoint(topic, { tls: true })],
  ])(
    '%s: %s',
    async (_, error, endpoint) => {
      const topic = await createTopic(engines.kafka);
      const good = await receivers.start();
      const org = await client.createOrg();
      const { id } = await create(org, endpoint(topic));
      await client.createEndpoint(org, good.url);
      await publish(org);
      await expect.poll(() => good.received.length).toBe(1);
      await expect.poll(async () => (await traceOf(org))?.state, { timeout: 60_000 }).toBe('failed');
      const { deliveries } = (await traceOf(org))!;
      const failed = deliveries.find(({ endpoint_id }) => endpoint_id === id)!;
      // Those that ingest had no time for are not the endpoint's.
      const errors = failed.attempts.flatMap((one) => (one as { error?: string }).error ?? []);
      expect(new Set(errors.filter((one) => one !== 'aborted'))).toEqual(new Set([error]));
    },
    90_000,
  );

  test('a message over the topic’s limit has failed at once', async () => {
    const topic = await createTopic(engines.kafka, { config: { 'max.message.bytes': '1000' } });
    const org = await client.createOrg();
    await create(org, kafkaEndpoint(topic));
    await publish(org, JSON.stringify('x'.repeat(2000)));
    await expect.poll(async () => (await traceOf(org))?.state).toBe('failed');
    expect((await traceOf(org))!.deliveries).toMatchObject([{ failure: 'refused' }]);
    expect((await traceOf(org))!.deliveries[0]!.attempts.at(-1)).toMatchObject({ error: 'too_large' });
  });
});

test('a test tries the connection, and shows the key that the template gives for a sample', async () => {
  const topic = await createTopic(engines.kafka);
  const org = await client.createOrg();
  const { id } = await create(org, kafkaEndpoint(topic, { partition_key_template: 'data.customer_id' }));
  const path = `/v1/orgs/${org}/endpoints/${id}`;
  const tried = await client.call<{ event_id: string }>('POST', `${path}/test`, {
    data: { customer_id: 42 },
  });
  expect(tried).toMatchObject({ status: 200, body: { key: '42', partition: 0, offset: '0' } });
  const exact = '{"data": {"customer_id": 12345678901234567890, "total": 1.10}}';
  const big = await client.call('POST', `${path}/test`, exact);
  expect(big).toMatchObject({ status: 200, body: { key: '12345678901234567890', offset: '1' } });
  const { event_id: eventId } = tried.body;
  expect(await client.call('POST', `${path}/test`)).toMatchObject({
    status: 200,
    body: { key: expect.stringMatching(/^msg_/) as string, offset: '2' },
  });
  expect(await readTopic(engines.kafka, topic)).toMatchObject([
    { key: '42', value: '{"customer_id":42}', headers: { 'event-id': eventId, topic: 'fanout.test' } },
    { value: '{"customer_id": 12345678901234567890, "total": 1.10}' },
    { value: '{"test":true}' },
  ]);
  await client.call('PATCH', path, { credentials: { password: 'wrong-password' } });
  const refused = await client.call('POST', `${path}/test`);
  expect(refused).toMatchObject({ status: 200, body: { error: 'authentication' } });
});

test('changed credentials and topics are used at once', async () => {
  const [topic, other] = [await createTopic(engines.kafka), await createTopic(engines.kafka)];
  const org = await client.createOrg();
  const { id } = await create(org, kafkaEndpoint(topic, {}, { password: 'wrong-password' }));
  const path = `/v1/orgs/${org}/endpoints/${id}`;
  const { password } = engines.kafka;
  const changed = await client.call<KafkaEndpointBody>('PATCH', path, {
    config: { topic: other },
    credentials: { password },
  });
  expect(changed).toMatchObject({
    status: 200,
    body: { config: { topic: other, sasl_mechanism: 'scram-sha-256', tls: false } },
  });
  await publish(org);
  await expect.poll(() => readTopic(engines.kafka, other)).toHaveLength(1);
  expect(await readTopic(engines.kafka, topic)).toEqual([]);
  const answer = await client.call('POST', `${path}/rotate-secret`, {});
  expect(answer).toMatchObject({ status: 409, ...problem('conflict') });
  const wrong = await client.call('PATCH', path, { auth: null, config: { url: 'https://example.com' } });
  expect(wrong.body.errors!.map((error) => error.path).sort()).toEqual(['auth', 'config.url']);
});

test('the config table has no endpoint’s secrets', async () => {
  const org = await client.createOrg();
  const password = 'canary-password-at-rest';
  const { secret } = await client.createEndpoint(org, 'https://example.com/hook', {
    auth: { type: 'bearer', token: `${password}-token` },
    config: { headers: { 'x-api-key': `${password}-header` } },
  });
  await create(org, kafkaEndpoint('orders', {}, { password }));
  const dynamodb = new DynamoDBClient({
    endpoint: engines.dynamodbUrl,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
  const table = TableNames.find((name) => /Config/.test(name))!;
  const texts: string[] = [];
  for await (const { Items } of paginateScan({ client: dynamodb }, { TableName: table }))
    texts.push(JSON.stringify(Items));
  dynamodb.destroy();
  const stored = texts.join();
  expect(stored).toContain(org);
  for (const text of [secret, secret.slice(6), password]) expect(stored).not.toContain(text);
});
