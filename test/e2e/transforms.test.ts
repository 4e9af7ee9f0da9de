import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: FanoutClient;
let receiver: Receiver;
let org: string;

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = await connectClient(fanout);
  receiver = await startReceiver();
  org = await client.createOrg();
  await client.createEndpoint(org, receiver.url);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receiver?.stop();
});
beforeEach(() => void (receiver.received.length = 0));

interface Source {
  readonly transform: { readonly version: number } | null;
}
interface Quarantined {
  readonly id: string;
  readonly offset: number;
  readonly reason: string;
  readonly detail: string;
}

const bodies = () => receiver.received.map(({ body }) => body);
const quarantine = async () =>
  (await client.call<{ data: Quarantined[] }>('GET', '/v1/quarantine')).body.data;

/** Saves a transform, and waits until records go through it: functions keep what they read for seconds. */
async function transformBy(language: string, code: string): Promise<number> {
  const answer = await client.call<Source>('PUT', '/v1/sources/ingest', { transform: { language, code } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const { version } = answer.body.transform!;
  const seen = async () => {
    await client.produce({ value: '{"probe":true}' });
    const { body } = await client.call<{ data: { transform_version?: number }[] }>(
      'GET',
      '/v1/events?limit=1',
    );
    return body.data[0]?.transform_version;
  };
  await expect.poll(seen, { interval: 300 }).toBe(version);
  receiver.received.length = 0;
  return version;
}

/** JavaScript that gives probes back as nothing, and everything else to the body. */
const javascript = (body: string) =>
  transformBy(
    'javascript',
    `function transform(payload, context) {
       if (payload && payload.probe) return null;
       ${body}
     }`,
  );
const toOrg = (data: string) => `({ event_type: 'sample', owner_id: '${org}', data: ${data} })`;

test('the transform of the reference page works as it stands, with the record header broadcast', async () => {
  const code = `function transform(payload) {
      return {
          "endpoint_id": "",
          "owner_id": "",
          "event_type": "sample",
          "data": payload, // payload contains arbitrary message data read from your topic
          "custom_headers": {
              "sample-header": "sample-value"
          },
          "idempotency_key": ""
      }
  }`;
  expect(
    (await client.call('PUT', '/v1/sources/ingest', { transform: { language: 'javascript', code } })).status,
  ).toBe(200);
  const value = '{ "zebra": 1.10, "alpha": ["ü", null] }';
  await client.produce({ value, headers: { 'x-convoy-message-type': 'broadcast' } });

  await expect.poll(bodies).toEqual(['{"zebra":1.1,"alpha":["ü",null]}']);
  const [webhook] = receiver.received;
  expect(webhook!.headers).toMatchObject({
    'sample-header': 'sample-value',
    'x-fanout-event-type': 'sample',
  });
  expect(await client.trace(webhook!.headers['webhook-id'] as string)).toMatchObject({
    state: 'delivered',
    transform_version: 1,
    target: { type: 'broadcast' },
  });
});

test('a transform sees key, headers and place of its record, and makes several events of one', async () => {
  await javascript(`return [1, 2, 3].map((n) => ${toOrg('{ n, context }')})`);
  await client.produce({ key: 'k', value: '{}', headers: { Region: 'eu', binary: Buffer.from([0xff]) } });

  await expect.poll(() => receiver.received.length).toBe(3);
  const data = bodies().map((body) => JSON.parse(body) as { n: number; context: Record<string, unknown> });
  expect(data.map(({ n }) => n).sort()).toEqual([1, 2, 3]);
  expect(data[0]!.context).toMatchObject({
    headers: { region: 'eu' },
    key: 'k',
    topic: fanout.ingestTopic,
    partition: 0,
  });
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'] as string);
  expect(new Set(ids).size).toBe(3);
  const traces = await Promise.all(ids.map((id) => client.trace(id)));
  expect(
    traces.map((trace) => (trace as unknown as { source: { index: number } }).source.index).sort(),
  ).toEqual([0, 1, 2]);
});

test('a JMESPath expression is a transform too', async () => {
  await transformBy(
    'jmespath',
    `[@][?!probe].{event_type: kind, owner_id: '${org}', data: items[?price > \`1\`].name}`,
  );
  await client.produce({
    value: '{"kind": "sold", "items": [{"name":"a","price":1},{"name":"b","price":2}]}',
  });

  await expect.poll(bodies).toEqual(['["b"]']);
  expect(receiver.received[0]!.headers['x-fanout-event-type']).toBe('sold');
});

test('a record that the transform gives nothing for is skipped, and its trace says so', async () => {
  const version = await javascript(`return payload.wanted ? ${toOrg('payload')} : null`);
  await client.produce({ value: '{"wanted":false,"n":1}' }, { value: '{"wanted":true}' });

  await expect.poll(bodies).toEqual(['{"wanted":true}']);
  const { source } = (await client.trace(
    receiver.received[0]!.headers['webhook-id'] as string,
  )) as unknown as {
    source: { offset: number };
  };
  const list = await client.call<{ data: { id: string; state: string }[] }>(
    'GET',
    `/v1/events?source=ingest&partition=0&offset=${source.offset - 1}`,
  );
  expect(list.body.data).toMatchObject([{ state: 'skipped' }]);
  expect((await client.call('GET', `/v1/events/${list.body.data[0]!.id}`)).body).toMatchObject({
    state: 'skipped',
    transform_version: version,
  });
});

test('what a transform does to itself is its own record’s quarantine, and the next record is fine', async () => {
  await javascript(`
    if (payload.does === 'loop') for (;;);
    if (payload.does === 'recurse') { const f = () => f() + 1; f(); }
    if (payload.does === 'allocate') { const all = []; for (;;) all.push(new ArrayBuffer(1024 * 1024)); }
    if (payload.does === 'throw') throw new Error('no such thing');
    if (payload.does === 'nonsense') return 42;
    if (payload.does === 'poison') { Object.prototype.toJSON = () => 'x'; Array.prototype.map = null; JSON.stringify = null; throw 1; }
    if (payload.does === 'process') return ${toOrg('process.env')};
    if (payload.does === 'regex') return /^(a+)+$/.test('a'.repeat(40) + '!');
    return ${toOrg('[payload.n].map((n) => n)')};`);
  const kinds = ['loop', 'recurse', 'allocate', 'throw', 'nonsense', 'poison', 'process', 'regex'];
  const before = (await quarantine()).length;
  const records = kinds.flatMap((does, n) => [{ does }, { n }]);
  await client.produce(...records.map((record) => ({ value: JSON.stringify(record) })), {
    value: '{"n": 12345678901234567890}',
  });

  await expect.poll(() => bodies().sort()).toEqual(kinds.map((_, n) => `[${n}]`).sort());
  await expect.poll(async () => (await quarantine()).length - before).toBe(9);
  const reasons = (await quarantine())
    .slice(0, 9)
    .sort((one, other) => one.offset - other.offset)
    .map(({ reason }) => reason);
  expect(reasons).toEqual([
    'transform_timeout',
    'transform_failed',
    'transform_memory',
    'transform_failed',
    'transform_result',
    'transform_failed',
    'transform_failed',
    'transform_timeout',
    'unsafe_number',
  ]);
});

test('a record that is refused comes through once its transform is mended, with the id it would have had', async () => {
  await javascript(`if (payload.broken) throw new Error('not yet'); return ${toOrg('payload')};`);
  const before = (await quarantine()).length;
  await client.produce({ value: '{"broken":true}' });
  await expect.poll(async () => (await quarantine()).length).toBe(before + 1);
  const [{ id }] = (await quarantine()) as [Quarantined];
  const redrive = () => client.call<{ detail: string }>('POST', `/v1/quarantine/${id}/redrive`);

  const early = await redrive();
  expect(early.status).toBe(409);
  expect(early.body.detail).toContain('transform_failed: the transform threw Error: not yet (line 3,');
  expect((await quarantine()).length).toBe(before + 1);

  await javascript(`return ${toOrg('payload')};`);
  expect((await redrive()).status).toBe(200);
  await expect.poll(bodies).toEqual(['{"broken":true}']);
  expect(receiver.received[0]!.headers['webhook-id']).toBe(id);
  await expect.poll(async () => (await client.trace(id)).state).toBe('delivered');
  expect((await quarantine()).map((entry) => entry.id)).not.toContain(id);
  expect((await redrive()).status).toBe(404);
});

test('an offset that is to be skipped is quarantined, and may be redriven', async () => {
  await javascript(`return ${toOrg('payload')};`);
  await client.produce({ value: '{"n":1}' });
  await expect.poll(() => receiver.received.length).toBe(1);
  const trace = (await client.trace(receiver.received[0]!.headers['webhook-id'] as string)) as unknown as {
    source: { offset: number };
  };
  // Far enough ahead for the functions to have read it by then.
  const offset = trace.source.offset + 200;
  const skip = await client.call('POST', '/v1/sources/ingest/skip', { partition: 0, offset });
  expect(skip).toMatchObject({ status: 200, body: { skips: [{ partition: 0, offset }] } });
  const isSkipped = async () => {
    await client.produce(...Array.from({ length: 20 }, () => ({ value: '{"probe":true}' })));
    return (await quarantine()).find((entry) => entry.offset === offset)?.reason;
  };
  await expect.poll(isSkipped, { interval: 400 }).toBe('skipped_by_operator');
  const { id } = (await quarantine()).find((entry) => entry.offset === offset)!;
  expect(await client.call('POST', `/v1/quarantine/${id}/redrive`)).toMatchObject({
    status: 200,
    body: { id, skipped: 1 },
  });
});

test('a transform that does not compile is refused with its place, and the old one stays', async () => {
  const version = await javascript(`return ${toOrg('payload')};`);
  const put = (transform: unknown) =>
    client.call<{ errors: { path: string; message: string }[] }>('PUT', '/v1/sources/ingest', { transform });
  const refused = await put({
    language: 'javascript',
    code: 'function transform(payload) {\n  return {,}\n}',
  });
  expect(refused.status).toBe(400);
  expect(refused.body.errors).toMatchObject([{ path: 'transform.code' }]);
  expect(refused.body.errors[0]!.message).toMatch(/line 2, column \d+/);
  expect((await put({ language: 'jmespath', code: 'a[' })).status).toBe(400);
  expect((await put({ language: 'python', code: 'x' })).status).toBe(400);
  expect((await put({ language: 'javascript', code: 'const x = 1' })).status).toBe(400);
  const { body } = await client.call<Source>('GET', '/v1/sources/ingest');
  expect(body.transform!.version).toBe(version);
});

test('the same transform saved again keeps its version, and without one records go on as they are', async () => {
  const code = `function transform(payload) { return payload.probe ? null : ${toOrg('payload')} }`;
  const version = await transformBy('javascript', code);
  expect(await transformBy('javascript', code)).toBe(version);
  const removed = await client.call('PUT', '/v1/sources/ingest', { transform: null });
  expect(removed).toMatchObject({ status: 200, body: { transform: null } });
  const arrives = async () => {
    await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: 'plain' }) });
    return bodies().includes('"plain"');
  };
  await expect.poll(arrives, { interval: 300 }).toBe(true);
});

test('a dry run says what would become of a record, and sends and stores nothing', async () => {
  await client.call('PUT', '/v1/sources/ingest', { transform: null });
  const unused = await startReceiver();
  const other = await client.createOrg();
  const active = await client.createEndpoint(other, unused.url);
  const off = await client.createEndpoint(other, unused.url, { status: 'disabled' });
  const dryRun = (body: string | object) =>
    client.call<Record<string, unknown>>('POST', '/v1/sources/ingest/dry-run', body);
  const value = `{"event_type":"a","owner_id":"${other}","data":{"n":1.10},"idempotency_key":"dry"}`;

  const plain = await dryRun(`{"value": ${value}, "headers": {"X-A": "b"}}`);
  expect(plain).toMatchObject({
    status: 200,
    body: {
      outcome: 'events',
      events: [
        {
          event_type: 'a',
          headers: { 'x-a': 'b' },
          target: { type: 'fanout', owner_id: other },
          deliver_to: [{ endpoint_id: active.id, owner_id: other, status: 'active' }],
          not_delivered: [{ endpoint_id: off.id, reason: 'disabled' }],
        },
      ],
    },
  });
  const again = await dryRun({ value_base64: Buffer.from(value).toString('base64') });
  expect((again.body['events'] as object[])[0]).not.toHaveProperty('duplicate_of');
  const ghost = { event_type: 'a', owner_id: 'ghost', data: 1 };
  expect((await dryRun({ value: ghost })).body).toMatchObject({ reason: 'unknown_owner' });
  const shown = { key_base64: 'aw==', headers: [{ name: 'h', value: 'dg==' }], value_base64: btoa(value) };
  expect((await dryRun(shown)).body).toMatchObject({ events: [{ headers: { h: 'v' } }] });
  expect((await dryRun({ value: '{"event_type":' })).body).toMatchObject({
    outcome: 'quarantined',
    reason: 'invalid_json',
  });
  const transform = { language: 'javascript', code: 'function transform(p) { return p.no ? null : [] }' };
  expect((await dryRun({ value: {}, transform })).body).toMatchObject({
    outcome: 'skipped',
    transform_version: 'draft',
  });
  expect((await dryRun({ value: {}, value_base64: 'e30=' })).status).toBe(400);
  expect((await dryRun({ value: {}, transform: { language: 'javascript', code: '(' } })).status).toBe(400);
  expect(unused.received).toEqual([]);
  await unused.stop();
});

test('sources are the operator’s, and what cannot be is refused', async () => {
  const { body: key } = await client.call<{ key: string }>('POST', `/v1/orgs/${org}/keys`, {
    name: 'test',
    role: 'tenant',
  });
  for (const [method, path] of [
    ['GET', '/v1/sources'],
    ['GET', '/v1/sources/ingest'],
    ['PUT', '/v1/sources/ingest'],
    ['POST', '/v1/sources/ingest/dry-run'],
    ['POST', '/v1/sources/ingest/skip'],
  ] as const) {
    expect((await client.call(method, path, method === 'GET' ? undefined : {}, key.key)).status, path).toBe(
      403,
    );
  }
  expect((await client.call('GET', '/v1/sources')).body).toMatchObject({
    data: [{ name: 'ingest', topic: fanout.ingestTopic, partitions: 6, batch_size: 100 }],
  });
  expect((await client.call('GET', '/v1/sources/nope')).status).toBe(404);
  // 6 partitions with batches of 100: 600 records may have to wait for one another, 40 s at most.
  expect(await client.call('PUT', '/v1/sources/ingest', { rate_limit: 14 })).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'rate_limit', message: expect.stringContaining('at least 15') as string }] },
  });
  expect((await client.call('POST', '/v1/sources/ingest/skip', { partition: 6, offset: 0 })).status).toBe(
    400,
  );
});
