import { Kafka } from 'kafkajs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import { receiverPool } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: FanoutClient;
const receivers = receiverPool();
const receiverWith = receivers.start;

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = await connectClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
});

interface Quarantined {
  readonly id: string;
  readonly offset: number;
  readonly detail: string;
}

test('a record becomes a signed webhook with the data as sent, and its trace tells the way', async () => {
  const receiver = await receiverWith();
  const org = await client.createOrg();
  const { id: endpoint, secret } = await client.createEndpoint(org, `${receiver.url}/hook`);
  const data = '{ "zebra": 12345678901234567890, "alpha": 1.10, "2": 1e3 }';
  const value = `{"event_type":"order.created","owner_id":"${org}","data":${data},"custom_headers":{"sample-header":"sample-value"}}`;
  await client.produce({ value, headers: { 'X-From-Record': 'yes' } });

  await expect.poll(() => receiver.received.length).toBe(1);
  const [webhook] = receiver.received;
  expect(webhook).toMatchObject({
    path: '/hook',
    body: data,
    headers: {
      'content-type': 'application/json',
      'x-fanout-event-type': 'order.created',
      'sample-header': 'sample-value',
      'x-from-record': 'yes',
    },
  });
  expect(new Webhook(secret).verify(webhook!.body, webhook!.headers as Record<string, string>)).toBeTruthy();

  const id = webhook!.headers['webhook-id'] as string;
  expect(await client.trace(id)).toMatchObject({
    id,
    event_type: 'order.created',
    state: 'delivered',
    source: { name: 'ingest', topic: fanout.ingestTopic, partition: 0, index: 0 },
    target: { type: 'fanout', owner_id: org },
    deliveries: [
      { endpoint_id: endpoint, state: 'delivered', attempts: [{ status_code: 200 }], next_attempt_at: null },
    ],
    not_delivered: [],
  });
});

test('the trace is for the event’s org and operators only', async () => {
  const receiver = await receiverWith();
  const [org, other] = [await client.createOrg(), await client.createOrg()];
  await client.createEndpoint(org, receiver.url);
  const keyOf = async (orgId: string) =>
    (await client.call<{ key: string }>('POST', `/v1/orgs/${orgId}/keys`, { name: 'test', role: 'tenant' }))
      .body.key;
  const [own, foreign] = [await keyOf(org), await keyOf(other)];
  await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }) });

  await expect.poll(() => receiver.received.length).toBe(1);
  const id = receiver.received[0]!.headers['webhook-id'] as string;
  await client.trace(id);
  expect((await client.call('GET', `/v1/events/${id}`, undefined, own)).status).toBe(200);
  expect(await client.call('GET', `/v1/events/${id}`, undefined, foreign)).toMatchObject({
    status: 404,
    contentType: 'application/problem+json',
    body: { type: 'urn:fanout:problem:not_found' },
  });
});

test('single goes to the endpoint, fanout to the owner, broadcast to everyone', async () => {
  const receiver = await receiverWith();
  const [one, two] = [await client.createOrg(), await client.createOrg()];
  const a = await client.createEndpoint(one, `${receiver.url}/a`, { event_types: ['three.*'] });
  await client.createEndpoint(one, `${receiver.url}/b`, { event_types: ['three.*'] });
  await client.createEndpoint(two, `${receiver.url}/c`, { event_types: ['three.*'] });
  const event = (more: object) => JSON.stringify({ event_type: 'three.ways', data: {}, ...more });
  const paths = () => receiver.received.map(({ path }) => path).sort();

  await client.produce({ value: event({ endpoint_id: a.id }) });
  await expect.poll(paths).toEqual(['/a']);
  await client.produce({ value: event({ owner_id: one }) });
  await expect.poll(paths).toEqual(['/a', '/a', '/b']);
  const broadcast = { custom_headers: { 'x-convoy-message-type': 'single' }, owner_id: one };
  await client.produce({ value: event(broadcast), headers: { 'x-convoy-message-type': 'broadcast' } });
  await expect.poll(paths).toEqual(['/a', '/a', '/a', '/b', '/b', '/c']);
});

test('an endpoint that fails three times gets the event in the end, and others are not held up', async () => {
  const flaky = await receiverWith((_, response) => {
    response.writeHead(flaky.received.length <= 3 ? 500 : 200).end('not now');
  });
  const good = await receiverWith();
  const org = await client.createOrg();
  await client.createEndpoint(org, flaky.url, { retry: { schedule_seconds: [1, 1, 1] } });
  await client.createEndpoint(org, good.url);
  await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: { n: 1 } }) });

  await expect.poll(() => flaky.received.length).toBe(4);
  expect(good.received).toHaveLength(1);
  expect(good.received[0]!.atMs).toBeLessThan(flaky.received[1]!.atMs);
  const ids = new Set([...flaky.received, ...good.received].map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(1);
  const timestamps = flaky.received.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(new Set(timestamps).size).toBe(4);
  expect(timestamps).toEqual([...timestamps].sort((one, other) => one - other));

  const id = [...ids][0] as string;
  await expect.poll(async () => (await client.trace(id)).state).toBe('delivered');
  const { deliveries } = await client.trace(id);
  const statuses = deliveries.map(({ attempts }) => attempts.map(({ status_code }) => status_code));
  expect(statuses.sort()).toEqual([[200], [500, 500, 500, 200]]);
});

test('an endpoint that always fails ends as failed, with every attempt visible', async () => {
  const failing = await receiverWith((_, response) => response.writeHead(500).end('broken'));
  const org = await client.createOrg();
  const endpoint = await client.createEndpoint(org, failing.url, { retry: { schedule_seconds: [1, 1] } });
  await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }) });

  await expect.poll(() => failing.received.length).toBe(3);
  const id = failing.received[0]!.headers['webhook-id'] as string;
  await expect.poll(async () => (await client.trace(id)).state).toBe('failed');
  expect((await client.trace(id)).deliveries).toMatchObject([
    {
      endpoint_id: endpoint.id,
      state: 'failed',
      failure: 'attempts_exhausted',
      attempts: [1, 2, 3].map(() => ({ status_code: 500, excerpt: 'broken' })),
      next_attempt_at: null,
    },
  ]);
});

test('poison records go to quarantine with their bytes, and their neighbours arrive', async () => {
  const receiver = await receiverWith();
  const org = await client.createOrg();
  await client.createEndpoint(org, receiver.url);
  const good = (n: number) => Buffer.from(JSON.stringify({ event_type: 'a', owner_id: org, data: { n } }));
  const bad = [
    Buffer.from('{"event_type": "a", '),
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    Buffer.alloc(0),
    Buffer.from(JSON.stringify({ owner_id: org, data: {} })),
  ];
  const values = [good(1), good(2), good(3), good(4), ...bad, good(9)];
  const quarantine = async () =>
    (await client.call<{ data: Quarantined[] }>('GET', '/v1/quarantine')).body.data.sort(
      (one, other) => one.offset - other.offset,
    );
  expect(await quarantine()).toEqual([]);
  await client.produce(...values.map((value) => ({ key: 'one-key', value, headers: { a: 'b' } })));

  await expect.poll(() => receiver.received.length).toBe(5);
  expect(receiver.received.map(({ body }) => body).sort()).toEqual([1, 2, 3, 4, 9].map((n) => `{"n":${n}}`));
  await expect.poll(async () => (await quarantine()).length).toBe(4);
  const entries = await quarantine();
  const first = entries[0]!.offset;
  expect(entries).toMatchObject(
    ['invalid_json', 'invalid_utf8', 'empty_value', 'invalid_event'].map((reason, at) => ({
      source: 'ingest',
      topic: fanout.ingestTopic,
      partition: 0,
      offset: first + at,
      reason,
      key: Buffer.from('one-key').toString('base64'),
      headers: [{ name: 'a', value: Buffer.from('b').toString('base64') }],
      value: bad[at]!.toString('base64'),
    })),
  );
  expect(entries[3]!.detail).toContain('event_type: is missing');
  const one = await client.call('GET', `/v1/quarantine/${entries[1]!.id}`);
  expect(one.body).toEqual(entries[1]);
});

test('an event that matches nobody is kept with the reason for each endpoint', async () => {
  const receiver = await receiverWith();
  const org = await client.createOrg();
  const all = await client.createEndpoint(org, receiver.url, { event_types: ['seen'] });
  const some = await client.createEndpoint(org, receiver.url, { event_types: ['order.*'] });
  const off = await client.createEndpoint(org, receiver.url, { status: 'disabled' });
  await client.produce({ value: JSON.stringify({ event_type: 'seen', owner_id: org, data: {} }) });

  await expect.poll(() => receiver.received.length).toBe(1);
  const trace = await client.trace(receiver.received[0]!.headers['webhook-id'] as string);
  expect(trace.deliveries.map(({ endpoint_id }) => endpoint_id)).toEqual([all.id]);
  expect(new Map(trace.not_delivered.map(({ endpoint_id, reason }) => [endpoint_id, reason]))).toEqual(
    new Map([
      [some.id, 'event_type'],
      [off.id, 'disabled'],
    ]),
  );
});

test('a filter decides by the content of data and headers', async () => {
  const receiver = await receiverWith();
  const org = await client.createOrg();
  const filter = {
    data: { 'items.sku': { $startsWith: 'A' }, total: { $gte: 10 } },
    headers: { region: 'eu' },
  };
  const endpoint = await client.createEndpoint(org, receiver.url, { filter });
  const everything = await receiverWith();
  await client.createEndpoint(org, everything.url);
  const event = (total: number) =>
    JSON.stringify({
      event_type: 'a',
      owner_id: org,
      data: { total, items: [{ sku: 'B1' }, { sku: 'A1' }] },
    });
  await client.produce(
    { value: event(10), headers: { Region: 'eu' } },
    { value: event(9), headers: { Region: 'eu' } },
    { value: event(10), headers: { Region: 'us' } },
  );

  await expect.poll(() => everything.received.length).toBe(3);
  await expect.poll(() => receiver.received.length).toBe(1);
  const [only] = receiver.received.map(({ headers }) => headers['webhook-id'] as string);
  for (const { headers } of everything.received) {
    const id = headers['webhook-id'] as string;
    const whyNot = (await client.trace(id)).not_delivered;
    expect(whyNot).toEqual(id === only ? [] : [{ endpoint_id: endpoint.id, reason: 'filter' }]);
  }
});

test('410 disables the endpoint and holds the delivery', async () => {
  const gone = await receiverWith((_, response) => response.writeHead(410).end());
  const org = await client.createOrg();
  const endpoint = await client.createEndpoint(org, gone.url);
  await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }) });

  await expect.poll(() => gone.received.length).toBe(1);
  const path = `/v1/orgs/${org}/endpoints/${endpoint.id}`;
  await expect
    .poll(async () => (await client.call('GET', path)).body)
    .toMatchObject({ status: 'disabled', disabled_reason: 'gone' });
  expect(await client.trace(gone.received[0]!.headers['webhook-id'] as string)).toMatchObject({
    state: 'held',
  });
});

test('an endpoint that is slower than the time for first attempts is neither failed nor charged for it', async () => {
  const slow = await receiverWith((_, response) => setTimeout(() => response.end(), 1500));
  const org = await client.createOrg();
  await client.createEndpoint(org, slow.url, { retry: { schedule_seconds: [] } });
  await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }) });

  await expect.poll(() => slow.received.length).toBe(2);
  const id = slow.received[0]!.headers['webhook-id'] as string;
  await expect.poll(async () => (await client.trace(id)).state).toBe('delivered');
  expect((await client.trace(id)).deliveries).toMatchObject([
    { attempts: [{ error: 'aborted' }, { status_code: 200 }] },
  ]);
});

test('an endpoint id that another org takes meanwhile does not get what was meant for the first', async () => {
  const failing = await receiverWith((_, response) => response.writeHead(500).end());
  const others = await receiverWith();
  const [first, second] = [await client.createOrg(), await client.createOrg()];
  const taken = { id: 'orders', retry: { schedule_seconds: [2] } };
  await client.createEndpoint(first, failing.url, taken);
  await client.produce({
    value: JSON.stringify({ event_type: 'a', owner_id: first, data: { secret: 'of the first' } }),
  });
  await expect.poll(() => failing.received.length).toBe(1);
  expect((await client.call('DELETE', `/v1/orgs/${first}/endpoints/orders`)).status).toBe(204);
  await client.createEndpoint(second, others.url, taken);

  const id = failing.received[0]!.headers['webhook-id'] as string;
  await expect
    .poll(async () => (await client.trace(id)).deliveries)
    .toMatchObject([{ endpoint_id: 'orders', state: 'failed', failure: 'endpoint_deleted' }]);
  expect(others.received).toEqual([]);
});

test('eight copies of one idempotency key at once are one event and seven duplicates that name it', async () => {
  const receiver = await receiverWith();
  const org = await client.createOrg();
  await client.createEndpoint(org, receiver.url);
  const value = JSON.stringify({
    event_type: 'a',
    owner_id: org,
    data: { n: 1 },
    idempotency_key: 'order-1',
  });
  // Two in one partition, the others apart: within a batch and between functions.
  await client.produce(...[0, 0, 1, 1, 2, 3, 4, 5].map((partition) => ({ value, partition })));
  await client.produce({ value: JSON.stringify({ event_type: 'last', owner_id: org, data: { n: 2 } }) });

  const ids = await eventIdsWithKey('order-1');
  expect(ids).toHaveLength(8);
  await expect.poll(() => receiver.received.length).toBe(2);
  const first = receiver.received.find(({ body }) => body === '{"n":1}')!.headers['webhook-id'] as string;
  const traces = await Promise.all(ids.map((id) => client.trace(id)));
  expect(traces.filter(({ state }) => state === 'delivered').map(({ id }) => id)).toEqual([first]);
  expect(traces.filter(({ duplicate_of }) => duplicate_of === first)).toHaveLength(7);
});

/** The ids that Fanout gives to the records with a key, computed from where the records are. */
async function eventIdsWithKey(key: string): Promise<string[]> {
  const kafka = new Kafka(kafkaClientOptions(fanout.engines.kafka));
  const eventIds = createEventIds(
    fanout.machine.secretValue(fanout.machine.outputs['Data']!['EventIdKeySecretArn']!),
  );
  const consumer = kafka.consumer({ groupId: `reader-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topic: fanout.ingestTopic, fromBeginning: true });
  const ids: string[] = [];
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      if (!message.value?.includes(key)) return;
      const address = { source: 1, partition, offset: Number(message.offset), index: 0 };
      ids.push(eventIds.encode(Number(message.timestamp), address));
    },
  });
  await expect.poll(() => ids.length).toBe(8);
  await consumer.disconnect();
  return ids;
}
