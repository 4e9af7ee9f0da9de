import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Engines, startEngines } from '../../infra/local/engines/engines.ts';
import { setKafkaUser } from '../../infra/local/engines/kafka-users.ts';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { createTopicAt, useKafkaCluster } from '../adapters/kafka-cluster.ts';
import { createTopic, overTls, readTopic } from '../adapters/kafka-topics.ts';
import { patientStage } from '../local-assembly.ts';
import { receiverPool } from '../receiver.ts';
import { type ApiClient, apiClient, problem, time } from './api/api-client.ts';
import { startWatchedFanout } from './canaries.ts';
import { connectClient } from './fanout-client.ts';
import { type KafkaEndpointBody, data, eventTimeMs, kafkaEndpointClient } from './kafka-endpoint-client.ts';

let engines: Engines;
let fanout: Fanout;
let client: ApiClient;
let use: ReturnType<typeof kafkaEndpointClient>;
const receivers = receiverPool();
/** It takes connections, and what comes over them. */
const silent = createServer((socket) => socket.on('error', () => {}).resume());
const silentBroker = () => `127.0.0.1:${(silent.address() as AddressInfo).port}`;

const deniedHost = '127.6.0.1';
/** A cluster that names a broker where the stage lets nobody connect to. */
const elsewhere = useKafkaCluster({ brokers: 1, advertisedHost: deniedHost });
/** A user without any rights. */
const stranger = { username: 'stranger', password: 'password-of-the-stranger' };

beforeAll(async () => {
  engines = await startEngines({ fast: true, say: () => {} });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const stage = { ...patientStage, deniedAddressRanges: [`${deniedHost}/32`] };
  await setKafkaUser(engines.kafka, stranger.username, stranger.password);
  fanout = await startWatchedFanout({ engines, stage });
  client = apiClient(fanout, await connectClient(fanout));
  use = kafkaEndpointClient(client, engines);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await engines?.stop();
  await receivers.stop();
  silent.close();
});

/** The reference page's event, with the id and the time that its result shows. */
const exampleEvent = `{
  "event_type": "orders",
  "id": "evt_123",
  "time": "2024-01-01T00:00:00Z",
  "data": {"order_id": "123", "status": "created"},
  "metadata": {"source": "checkout-service"}
}`;

describe.concurrent('an event arrives as the reference says', () => {
  test.for([
    ['plain', false],
    ['scram-sha-256', false],
    ['scram-sha-512', false],
    ['plain', true],
    ['scram-sha-256', true],
    ['scram-sha-512', true],
  ] as const)('by %s, with TLS: %s', async ([mechanism, tls], { expect, skip }) => {
    const { bootstrapServers } = tls ? overTls(engines, skip) : engines.kafka;
    const topic = await createTopic(engines.kafka, { partitions: 3 });
    const org = await client.createOrg();
    const brokers = `${bootstrapServers},${bootstrapServers.replace('127.0.0.1', 'localhost')}`;
    const config = { brokers, sasl_mechanism: mechanism, ...(!tls && { tls: 'false' }) };
    const { config: given, ...endpoint } = use.endpoint(topic);
    const { tls: off, ...rest } = given;
    const made = await use.create(org, { ...endpoint, config: { ...rest, ...config } });
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

    await use.ingest(org);
    await expect.poll(async () => (await use.traceOf(org))?.state).toBe('delivered');
    const trace = (await use.traceOf(org))!;
    const answer = await client.call('POST', `/v1/orgs/${org}/events`, exampleEvent);
    expect(answer).toMatchObject({ status: 202, body: { id: 'evt_123' } });
    const ofCall = async () => (await readTopic(engines.kafka, topic)).find(({ key }) => key === 'evt_123');
    await expect.poll(ofCall).toBeDefined();

    expect(trace.deliveries).toMatchObject([{ endpoint_id: made.id }]);
    // Ingest may not have waited for the first connection, whose message may be there too.
    const delivered = trace.deliveries[0]!.attempts.at(-1)!;
    expect(delivered).toMatchObject({ at: time });
    const message = (await readTopic(engines.kafka, topic)).find(
      (one) => one.partition === delivered.partition && one.offset === delivered.offset,
    );
    const headers = { 'content-type': 'application/json', topic: 'orders', source: 'checkout-service' };
    const { partition, offset } = delivered;
    expect(message).toEqual({
      partition,
      offset,
      key: trace.id,
      value: data,
      headers: { ...headers, 'event-id': trace.id, timestamp: String(Math.floor(eventTimeMs / 1000)) },
    });
    const published = await ofCall();
    expect(published).toMatchObject({ value: '{"order_id": "123", "status": "created"}' });
    expect(published!.headers).toEqual({ ...headers, 'event-id': 'evt_123', timestamp: '1704067200' });
  });
});

test.concurrent.for([
  ['data.customer_id', '{"customer_id": 1000000}', '1000000'],
  ['data.customer_id', '{"customer_id": 12345678901234567890}', '12345678901234567890'],
  ['data.customer_id', '{"other": 1}', undefined],
  ['data.customer_id', '{"customer_id": null}', undefined],
  ['data.customer_id', '{"customer_id": ""}', undefined],
  ['length(data.customer_id)', '{"customer_id": 1}', undefined],
  ['data.customer', '{"customer": {"id": 1.10, "tags": ["a", "b"]}}', '{"id":1.10,"tags":["a","b"]}'],
  ['metadata.source', '{}', 'checkout-service'],
  ["join('-', [metadata.topic, data.id])", '{"id": "a"}', 'orders-a'],
] as const)('the key that %s gives for %s is %s', async ([template, text, key], { expect }) => {
  const topic = await createTopic(engines.kafka);
  const org = await client.createOrg();
  await use.create(org, use.endpoint(topic, { partition_key_template: template }));
  await use.ingest(org, text);
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
  const privateAddress = use.endpoint('orders', { brokers: '10.0.0.1:9092' });
  expect(await client.call('POST', `/v1/orgs/${org}/endpoints`, privateAddress)).toMatchObject({
    status: 400,
    ...problem('invalid_request'),
    body: { errors: [{ path: 'config.brokers' }] },
  });
});

describe.concurrent('what goes wrong is told by its class, and other endpoints go on', () => {
  test.for<[string, string, (topic: string) => object]>([
    [
      'a wrong password',
      'authentication',
      (topic) => use.endpoint(topic, {}, { password: 'wrong-password' }),
    ],
    ['a topic that is not there', 'unknown_topic', (topic) => use.endpoint(`${topic}-not-there`)],
    [
      'a topic that the user may not write to',
      'authorization',
      (topic) => use.endpoint(topic, { sasl_mechanism: 'scram-sha-512' }, stranger),
    ],
    ['a port where nobody listens', 'refused', (topic) => use.endpoint(topic, { brokers: '127.0.0.1:1' })],
    ['a name that is none', 'dns', (topic) => use.endpoint(topic, { brokers: 'nowhere.invalid:9092' })],
    ['TLS where there is none', 'tls', (topic) => use.endpoint(topic, { tls: true })],
    [
      'a broker that says nothing',
      'timeout',
      (topic) => use.endpoint(topic, { brokers: silentBroker(), timeout_ms: 3_000 }),
    ],
  ])('%s: %s', { timeout: 90_000 }, async ([, error, endpoint], { expect }) => {
    const topic = await createTopic(engines.kafka);
    const good = await receivers.start();
    const org = await client.createOrg();
    const made = await use.create(org, endpoint(topic));
    const { id } = made;
    await client.createEndpoint(org, good.url);
    await use.ingest(org);
    await expect.poll(() => good.received.length).toBe(1);
    // What says nothing has one attempt of its time-out to make, and another.
    if (error === 'timeout') expect((await use.traceOf(org))?.state).not.toBe('failed');
    await expect.poll(async () => (await use.traceOf(org))?.state, { timeout: 60_000 }).toBe('failed');
    const { deliveries } = (await use.traceOf(org))!;
    const failed = deliveries.find(({ endpoint_id }) => endpoint_id === id)!;
    const attempts = failed.attempts.map((one) => one as { error?: string; latency_ms?: number });
    // Those that ingest had no time for are not the endpoint's.
    const own = attempts.filter((one) => one.error !== 'aborted');
    expect(new Set(own.map((one) => one.error))).toEqual(new Set([error]));
    // Whatever is told later than the time-out is a time-out, which is told when it is over.
    for (const { latency_ms } of own)
      if (error === 'timeout') expect(latency_ms).toBeGreaterThan(2_900);
      else expect(latency_ms).toBeLessThan(made.config['timeout_ms'] as number);
  });

  test('a message over the topic’s limit has failed at once', async ({ expect }) => {
    const topic = await createTopic(engines.kafka, { config: { 'max.message.bytes': '1000' } });
    const org = await client.createOrg();
    await use.create(org, use.endpoint(topic));
    await use.ingest(org, JSON.stringify('x'.repeat(2000)));
    await expect.poll(async () => (await use.traceOf(org))?.state).toBe('failed');
    expect((await use.traceOf(org))!.deliveries).toMatchObject([{ failure: 'not_retryable' }]);
    expect((await use.traceOf(org))!.deliveries[0]!.attempts.at(-1)).toMatchObject({ error: 'too_large' });
  });
});

test('a broker that is advertised where the stage lets nobody connect to is not connected to', async ({
  skip,
}) => {
  const { access } = elsewhere() ?? skip('this machine has no Java to run brokers with');
  const { username, password, bootstrapServers: brokers } = access;
  const topic = await createTopicAt(access);
  let connections = 0;
  const listener = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  listener.listen(Number(brokers.split(':')[1]), deniedHost);
  onTestFinished(() => void listener.close());
  await once(listener, 'listening');
  const org = await client.createOrg();
  const config = { brokers, sasl_mechanism: 'plain' };
  const { id } = await use.create(org, use.endpoint(topic, config, { username, password }));

  const tried = await client.call('POST', `/v1/orgs/${org}/endpoints/${id}/test`);
  await use.ingest(org);
  await expect.poll(async () => (await use.traceOf(org))?.state).toBe('failed');

  expect(tried).toMatchObject({ status: 200, body: { error: 'address_not_allowed' } });
  const { attempts } = (await use.traceOf(org))!.deliveries[0]!;
  expect(attempts.map((one) => (one as { error?: string }).error)).toContain('address_not_allowed');
  expect(connections).toBe(0);
  await once(connect(Number(brokers.split(':')[1]), deniedHost), 'close');
  expect(connections).toBe(1);
});

test('a test tries the connection, and shows the key that the template gives for a sample', async () => {
  const topic = await createTopic(engines.kafka);
  const org = await client.createOrg();
  const { id } = await use.create(org, use.endpoint(topic, { partition_key_template: 'data.customer_id' }));
  const path = `/v1/orgs/${org}/endpoints/${id}`;
  const tried = await client.call<{ event_id: string }>('POST', `${path}/test`, {
    data: { customer_id: 42 },
  });
  expect(tried).toMatchObject({
    status: 200,
    body: { key: '42', key_source: 'template', partition: 0, offset: '0' },
  });
  const exact = '{"data": {"customer_id": 12345678901234567890, "total": 1.10}}';
  const big = await client.call('POST', `${path}/test`, exact);
  expect(big).toMatchObject({ status: 200, body: { key: '12345678901234567890', offset: '1' } });
  const { event_id: eventId } = tried.body;
  expect(await client.call('POST', `${path}/test`)).toMatchObject({
    status: 200,
    body: { key: expect.stringMatching(/^msg_/) as string, key_source: 'event_id', offset: '2' },
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

test('changed credentials and topics are used once the change is answered, whatever connections there are', async () => {
  const [topic, other] = [await createTopic(engines.kafka), await createTopic(engines.kafka)];
  const org = await client.createOrg();
  const { id } = await use.create(org, use.endpoint(topic, { sasl_mechanism: 'scram-sha-512' }, stranger));
  const path = `/v1/orgs/${org}/endpoints/${id}`;
  await use.ingest(org);
  // They are signed in by then, as one who may write nowhere.
  await expect.poll(async () => (await use.traceOf(org))?.state).toBe('failed');
  const errors = (await use.traceOf(org))!.deliveries[0]!.attempts.map(
    (one) => (one as { error?: string }).error,
  );
  expect(errors).toContain('authorization');
  const { username, password } = engines.kafka;
  const changed = await client.call<KafkaEndpointBody>('PATCH', path, {
    config: { topic: other },
    credentials: { username, password },
    // What is sent with the old ones fails for good.
    retry: { schedule_seconds: [] },
  });
  expect(changed).toMatchObject({
    status: 200,
    body: { config: { topic: other, sasl_mechanism: 'scram-sha-512', tls: false } },
  });
  await use.ingest(org);
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
  await use.create(org, use.endpoint('orders', {}, { password }));
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
