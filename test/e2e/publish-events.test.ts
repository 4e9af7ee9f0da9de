import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTopic, readTopic } from '../adapters/kafka-topics.ts';
import { freeze } from '../freeze.ts';
import { type Received, receiverPool } from '../receiver.ts';
import { type ApiClient, type List, type ProblemBody, apiClient, problem } from './api/api-client.ts';
import { deliveryClient, idsAt, startBrokenReceiver } from './delivery-client.ts';
import { connectClient } from './fanout-client.ts';
import { type TimeMachine, startTimeMachine } from './time-machine.ts';

const minute = 60_000;
let time: TimeMachine;
let client: ApiClient;
let use: ReturnType<typeof deliveryClient>;
const receivers = receiverPool();

beforeAll(async () => {
  time = await startTimeMachine();
  client = apiClient(time.fanout, await connectClient(time.fanout));
  use = deliveryClient(client);
  // Each goes on from where the one before it came to.
  await time.sweep();
});
afterAll(async () => {
  await client?.stop();
  await time?.fanout.stop();
  await receivers.stop();
});

interface Published {
  readonly id: string;
  readonly duplicate: boolean;
}
interface Answer<Body> {
  readonly status: number;
  readonly contentType: string;
  readonly body: Body;
}
interface Caller {
  readonly idempotencyKey?: string;
  readonly apiKey?: string;
  readonly traceparent?: string;
}

async function publish<Body = Published>(
  org: string,
  body: unknown,
  { idempotencyKey, apiKey = time.fanout.operatorKey, traceparent }: Caller = {},
): Promise<Answer<Body>> {
  const answer = await fetch(`${time.fanout.url}/v1/orgs/${org}/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(traceparent !== undefined && { traceparent }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const contentType = answer.headers.get('content-type') ?? '';
  return { status: answer.status, contentType, body: (await answer.json()) as Body };
}

/** An org with one endpoint that takes everything. */
async function orgWithReceiver(more?: Record<string, unknown>) {
  const org = await client.createOrg();
  const receiver = await receivers.start();
  const endpoint = await client.createEndpoint(org, receiver.url, more);
  return { org, receiver, endpoint };
}
const listed = async (org: string, query = '') =>
  (await client.call<List<Record<string, unknown>>>('GET', `/v1/orgs/${org}/events${query}`)).body.data;

test('an event arrives byte for byte under the id that it was given, which also finds its trace', async () => {
  const { org, receiver, endpoint } = await orgWithReceiver();
  const data = '{ "order": 12345678901234567890,\n "total": 1.10, "note": "ü\\u00fc" }';
  const text = `{"event_type": "order.paid", "id": "evt_123", "metadata": {"X-Region": "eu"}, "data": ${data}}`;
  const apiKey = await use.tenantOf(org, 'publisher');
  expect(await publish(org, text, { apiKey })).toMatchObject({
    status: 202,
    body: { id: 'evt_123', duplicate: false },
  });
  await expect.poll(() => receiver.received.length).toBe(1);
  const [{ headers, body }] = receiver.received as [Received];
  expect(body).toBe(data);
  expect(headers).toMatchObject({
    'webhook-id': 'evt_123',
    'x-region': 'eu',
    'x-fanout-event-type': 'order.paid',
  });
  expect(() => new Webhook(endpoint.secret).verify(body, headers as Record<string, string>)).not.toThrow();

  const ofOperator = (query: string) => client.call<ProblemBody>('GET', `/v1/events/evt_123${query}`);
  const own = await client.call<Record<string, unknown>>('GET', '/v1/events/evt_123', undefined, apiKey);
  expect(own).toMatchObject({ status: 200, body: { id: 'evt_123', target: { owner_id: org } } });
  expect(own.body).not.toHaveProperty('source');
  const { event_id: event } = own.body as { event_id: string };
  expect((await ofOperator('')).body.detail).toContain('?org=');
  expect(await ofOperator(`?org=${org}`)).toMatchObject({
    body: { id: 'evt_123', event_id: event, source: { name: 'api', topic: null, index: 0 } },
  });
  expect(await client.trace(event)).toMatchObject({ id: 'evt_123', event_id: event });
  const other = await use.tenantOf(await client.createOrg());
  for (const id of ['evt_123', event]) {
    expect(await client.call('GET', `/v1/events/${id}`, undefined, other)).toMatchObject({ status: 404 });
    const foreign = `/v1/events/${id}?org=${org}`;
    expect(await client.call('GET', foreign, undefined, other)).toMatchObject({ status: 403 });
  }
});

test('the trace of who publishes goes on to the webhook, unless the event has its own', async () => {
  const { org, receiver } = await orgWithReceiver();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const own = traceparent.replace('00f067aa0ba902b7', '1111111111111111');
  await publish(org, { event_type: 'a', data: 1 }, { traceparent });
  await publish(org, { event_type: 'b', data: 1, metadata: { Traceparent: own } }, { traceparent });
  await publish(org, { event_type: 'c', data: 1 }, { traceparent: 'broken' });
  await expect.poll(() => receiver.received.length).toBe(3);
  const traces = receiver.received.map(({ headers }) => [
    headers['x-fanout-event-type'],
    headers['traceparent'],
  ]);
  expect(new Map(traces as [string, string][])).toEqual(
    new Map([
      ['a', traceparent],
      ['b', own],
      ['c', undefined],
    ]),
  );
});

test('an event is listed by its own time, by its id, and replayed by it', async () => {
  const { org, receiver } = await orgWithReceiver();
  const at = '2026-01-02T03:04:05.006Z';
  const timed = { event_type: 'a', data: 1, id: 'evt_old', time: '2026-01-02T04:04:05.006+01:00' };
  await publish(org, [timed, { event_type: 'b', data: 2 }]);
  await expect.poll(() => receiver.received.length).toBe(2);
  await expect.poll(() => listed(org)).toMatchObject([{ event_type: 'b', state: 'delivered' }]);
  await expect
    .poll(() => listed(org, '?id=evt_old'))
    .toMatchObject([{ id: 'evt_old', time: at, state: 'delivered', deliveries: { delivered: 1 } }]);
  const [{ id: event }] = (await listed(org)) as [{ id: string }];
  expect(await listed(org, `?id=${event}`)).toMatchObject([{ id: event, event_type: 'b' }]);
  expect(await listed(org, '?id=evt_old&event_type=b')).toEqual([]);
  expect(await listed(org, '?id=evt_none')).toEqual([]);
  expect(await listed(await client.createOrg(), '?id=evt_old')).toEqual([]);

  const tenant = await use.tenantOf(org);
  const replay = (query: string, key?: string) =>
    client.call('POST', `/v1/events/evt_old/replay${query}`, {}, key);
  const arrived = () => idsAt(receiver).filter((id) => id === 'evt_old').length;
  expect(await replay('', tenant)).toMatchObject({ status: 202, body: { deliveries: 1 } });
  await expect.poll(arrived).toBe(2);
  await expect.poll(() => listed(org, '?id=evt_old')).toMatchObject([{ state: 'delivered' }]);
  expect(await replay(`?org=${org}`)).toMatchObject({ status: 202, body: { deliveries: 1 } });
  await expect.poll(arrived).toBe(3);
  expect(await replay('')).toMatchObject({ status: 404 });
});

test('a Kafka endpoint gets the given id and time', async () => {
  const { kafka } = time.fanout.engines;
  const topic = await createTopic(kafka, { partitions: 1 });
  const org = await client.createOrg();
  const made = await client.call('POST', `/v1/orgs/${org}/endpoints`, {
    type: 'kafka',
    config: { brokers: kafka.bootstrapServers, topic, sasl_mechanism: 'scram-sha-512', tls: false },
    credentials: { username: kafka.username, password: kafka.password },
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  await publish(org, { event_type: 'a', data: 1, id: 'evt_1', time: '2024-01-02T13:00:00.999Z' });
  await expect.poll(() => readTopic(kafka, topic), { timeout: 20_000 }).toHaveLength(1);
  const [message] = await readTopic(kafka, topic);
  expect(message).toMatchObject({
    key: 'evt_1',
    value: '1',
    headers: { 'event-id': 'evt_1', timestamp: '1704200400' },
  });
});

test('a retry keeps the id that receivers see', async () => {
  const receiver = await startBrokenReceiver(receivers.start);
  const org = await client.createOrg();
  const { id } = await client.createEndpoint(org, receiver.url, { retry: { schedule_seconds: [3600] } });
  await publish(org, { event_type: 'a', data: 'x'.repeat(100_000), id: 'evt_1' });
  await expect
    .poll(() => use.deliveriesOf(org, `endpoint=${id}&state=queued`))
    .toMatchObject([{ state: 'queued', attempts: 1 }]);
  expect(receiver.since()).toEqual(['evt_1']);
  receiver.answer(200);
  time.advance(2 * 60 * minute);
  expect(await time.sweep()).toBe(1);
  await expect.poll(() => receiver.since()).toEqual(['evt_1']);
});

test('of events with the same given id one is published, also of eight at once and within a call', async () => {
  const { org, receiver } = await orgWithReceiver();
  const event = (data: number) => ({ event_type: 'a', data, id: 'evt_1' });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, data) => publish(org, event(data))));
  expect(answers.map(({ status, body }) => [status, body.id])).toEqual(answers.map(() => [202, 'evt_1']));
  expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1);
  const bundle = [
    event(8),
    { event_type: 'b', data: 9, id: 'evt_2' },
    { event_type: 'c', data: 10, id: 'evt_2' },
  ];
  expect((await publish<{ data: Published[] }>(org, bundle)).body.data).toEqual([
    { id: 'evt_1', duplicate: true },
    { id: 'evt_2', duplicate: false },
    { id: 'evt_2', duplicate: true },
  ]);
  await expect.poll(() => idsAt(receiver).sort()).toEqual(['evt_1', 'evt_2']);
  expect(await listed(org)).toHaveLength(2);
  const { org: other, receiver: theirs } = await orgWithReceiver();
  expect((await publish(other, event(1))).body.duplicate).toBe(false);
  await expect.poll(() => idsAt(theirs)).toEqual(['evt_1']);
});

test('of eight identical calls under one Idempotency-Key at once one is made, and repeats have its answer', async () => {
  const { org, receiver } = await orgWithReceiver();
  const idempotencyKey = 'order-1: paid';
  const call = (body: unknown = { event_type: 'a', data: 1 }) => publish(org, body, { idempotencyKey });
  const answers = await Promise.all(Array.from({ length: 8 }, () => call()));
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].filter((status) => status !== 202 && status !== 409)).toEqual([]);
  const made = answers.filter(({ status }) => status === 202).map(({ body }) => body);
  const repeat = await call();
  expect(repeat).toMatchObject({ status: 202, body: { duplicate: false } });
  expect(made.length).toBeGreaterThan(0);
  for (const body of made) expect(body).toEqual(repeat.body);
  const refused = await call({ event_type: 'a', data: 2 });
  expect(refused).toMatchObject({ status: 422, ...problem('idempotency_key_reused') });
  const long = await publish(org, { event_type: 'a', data: 1 }, { idempotencyKey: 'k'.repeat(257) });
  expect(long).toMatchObject({ status: 400, body: { errors: [{ path: 'Idempotency-Key' }] } });
  await expect.poll(() => idsAt(receiver)).toEqual([repeat.body.id]);

  time.advance(25 * 60 * minute);
  const anew = await call({ event_type: 'a', data: 2 });
  expect(anew.status).toBe(202);
  await expect.poll(() => idsAt(receiver)).toEqual([repeat.body.id, anew.body.id]);
  expect(anew.body.id).not.toBe(repeat.body.id);
});

test(
  'a call whose function is killed goes on once its lease is over, with the same ids, and nothing is lost',
  async () => {
    const { org, receiver } = await orgWithReceiver();
    const events = [1, 2, 3].map((data) => ({ event_type: 'a', data, ...(data === 2 && { id: 'evt_2' }) }));
    const call = () => publish<{ data: Published[] }>(org, events, { idempotencyKey: 'key' });
    const sqs = time.fanout.engines.processes.find(({ name }) => name === 'sqs')!;
    await freeze(sqs.pid);
    try {
      // It stands still when its events are durable, and their wake-ups are to be sent.
      const killed = call().catch(() => ({ status: 500 }));
      await expect.poll(async () => (await listed(org)).length).toBe(3);
      expect(await call()).toMatchObject({ status: 409, ...problem('call_in_flight') });
      await time.kill(/Handle/);
      expect((await killed).status).toBeGreaterThanOrEqual(500);
    } finally {
      process.kill(sqs.pid, 'SIGCONT');
    }
    const before = (await listed(org)).map(({ id }) => id);
    expect((await call()).status).toBe(409);
    time.advance(minute);
    const { status, body } = await call();
    expect(status).toBe(202);
    expect(body.data.map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
    const ids = body.data.map(({ id }) => id).sort();
    expect(ids).toEqual(before.sort());
    expect(await call()).toEqual({ status, body, contentType: 'application/json' });

    time.advance(4 * minute);
    await time.sweep();
    await expect.poll(() => [...new Set(idsAt(receiver))].sort(), { timeout: 30_000 }).toEqual(ids);
    expect(await listed(org)).toHaveLength(3);
  },
  2 * minute,
);

test('a bundle is answered in its order; one wrong event of it publishes none', async () => {
  const { org, receiver } = await orgWithReceiver();
  const bundle = Array.from({ length: 100 }, (_, data) => ({ event_type: 'a', data, id: `evt_${data}` }));
  const { status, body } = await publish<{ data: Published[] }>(org, bundle);
  expect(status).toBe(202);
  expect(body.data).toEqual(bundle.map(({ id }) => ({ id, duplicate: false })));
  await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(100);
  for (const { headers, body: data } of receiver.received) expect(headers['webhook-id']).toBe(`evt_${data}`);

  const wrong = [
    { event_type: 'a', data: 1, id: 'evt_new' },
    { event_type: 'a', data: 2, metadata: { 'X-Convoy-Message-Type': 'broadcast' } },
    { data: 3, owner_id: 'globex' },
  ];
  const refused = await publish<ProblemBody>(org, wrong);
  expect(refused).toMatchObject({ status: 400, ...problem('invalid_request') });
  expect(refused.body.errors!.map(({ path }) => path)).toEqual([
    '1.metadata.X-Convoy-Message-Type',
    '2.event_type',
    '2.owner_id',
  ]);
  expect(await listed(org, '?id=evt_new')).toEqual([]);
});

test('another org’s endpoint is not reached, and its owner learns nothing', async () => {
  const { org, receiver } = await orgWithReceiver();
  const { org: other, receiver: theirs, endpoint: foreign } = await orgWithReceiver();
  const own = await client.createEndpoint(org, `${receiver.url}/own`);
  const bundle = [foreign.id, 'nothing', own.id].map((id, data) => {
    return { event_type: 'a', data, endpoint_id: id };
  });
  const { body } = await publish<{ data: Published[] }>(org, bundle);
  const [mismatch, unknown, good] = body.data.map(({ id }) => id) as [string, string, string];
  await expect.poll(() => idsAt(receiver)).toEqual([good]);
  expect(await client.trace(mismatch)).toMatchObject({
    state: 'no_match',
    not_delivered: [{ endpoint_id: foreign.id, reason: 'owner_mismatch' }],
  });
  const publisher = await use.tenantOf(org, 'publisher');
  for (const id of [mismatch, unknown]) {
    const seen = await client.call('GET', `/v1/events/${id}`, undefined, publisher);
    expect(seen.body).toMatchObject({ state: 'no_match', not_delivered: [], reason: 'unknown_endpoint' });
  }
  expect(await listed(org)).toHaveLength(3);
  expect(await listed(other)).toEqual([]);
  expect(theirs.received).toEqual([]);

  await client.produce({ value: JSON.stringify({ event_type: 'b', owner_id: org, data: 1 }) });
  await expect.poll(() => idsAt(receiver).length).toBe(3);
  const all = await client.call<List>('GET', '/v1/events?source=api&limit=100');
  const ids = all.body.data.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([mismatch, unknown, good]));
  expect(ids).not.toContain(idsAt(receiver).find((id) => id !== good));
});

test('only publishers of the org and operators publish', async () => {
  const [org, other] = [await client.createOrg(), await client.createOrg()];
  const event = { event_type: 'a', data: 1 };
  for (const apiKey of [await use.tenantOf(org), await use.tenantOf(other, 'publisher')]) {
    expect(await publish(org, event, { apiKey })).toMatchObject({ status: 403, ...problem('forbidden') });
  }
  expect(await publish('nobody', event)).toMatchObject({ status: 404, ...problem('not_found') });
  expect(await listed(org)).toEqual([]);
});

test('an event for more endpoints than one transaction takes is fanned out by a job', async () => {
  const { org, receiver } = await orgWithReceiver();
  await Promise.all(Array.from({ length: 95 }, (_, n) => client.createEndpoint(org, `${receiver.url}/${n}`)));
  // What the function knew of the org's endpoints may be some seconds old.
  time.advance(minute);
  await publish(org, { event_type: 'a', data: 1, id: 'evt_1' });
  await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBe(96);
  expect(new Set(idsAt(receiver))).toEqual(new Set(['evt_1']));
  expect(new Set(receiver.received.map(({ path }) => path)).size).toBe(96);
  await expect
    .poll(() => listed(org, '?id=evt_1'))
    .toMatchObject([{ state: 'delivered', deliveries: { delivered: 96 } }]);
});
