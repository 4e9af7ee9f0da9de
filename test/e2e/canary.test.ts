import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { receiverPool } from '../receiver.ts';
import { type ApiClient, type List, apiClient } from './api/api-client.ts';
import { startWatchedFanout } from './canaries.ts';
import { connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: ApiClient;
const log: string[] = [];
const receivers = receiverPool();

beforeAll(async () => {
  fanout = await startWatchedFanout({ log: (line) => log.push(line) });
  client = apiClient(fanout, await connectClient(fanout));
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
});

/** Whatever it is told, it tells again, and refuses. */
const echo = () =>
  receivers.start(({ headers, body, path }, response) => {
    response.writeHead(500).end(`${path} ${JSON.stringify(headers)} ${body}`);
  });

const card = 'canary-card-4242424242424242';
const token = 'canary-token-of-the-sender';
const apiKey = 'canary-api-key-of-the-receiver';
const password = 'canary-password-of-the-receiver';

/** Secrets may not come back at all. `…` and four characters are what is shown of them. */
function expectNoneOf(texts: readonly string[], answer: unknown): void {
  for (const text of texts) expect(JSON.stringify(answer), text).not.toContain(text);
}

test('what goes wrong with an event tells nothing of its payload and secrets', async () => {
  const receiver = await echo();
  const org = await client.createOrg();
  const endpoint = await client.createEndpoint(org, `${receiver.url}/hook?code=${apiKey}`, {
    auth: { type: 'basic', username: 'fanout', password },
    config: { headers: { 'x-api-key': apiKey } },
    retry: { schedule_seconds: [1] },
  });
  const value = JSON.stringify({ event_type: 'a', owner_id: org, data: { card } });
  await client.produce({ value, headers: { authorization: `Bearer ${token}` } });
  await expect.poll(() => receiver.received.length).toBe(2);
  expect(receiver.received[0]).toMatchObject({ headers: { authorization: /^Basic / } });

  const id = receiver.received[0]!.headers['webhook-id'] as string;
  await expect.poll(async () => (await client.trace(id)).state).toBe('failed');
  const basic = Buffer.from(`fanout:${password}`).toString('base64');
  const trace = await client.trace(id);
  expectNoneOf([token, apiKey, password, basic, endpoint.secret], trace);
  expect(trace).toMatchObject({ headers: { authorization: '…nder' }, data: { card } });
  const { body } = await client.call<List>(
    'GET',
    `/v1/orgs/${org}/deliveries?endpoint=${endpoint.id}&state=failed`,
  );
  expect(body.data).toHaveLength(1);
  expectNoneOf([token, apiKey, password, basic, endpoint.secret, card], body);
});

test('nor does an event that is published, also when it is refused', async () => {
  const receiver = await echo();
  const org = await client.createOrg();
  await client.createEndpoint(org, receiver.url, { retry: { schedule_seconds: [] } });
  const path = `/v1/orgs/${org}/events`;
  const event = { event_type: 'a', data: { card }, metadata: { authorization: `Bearer ${token}` } };
  const { status, body } = await client.call<{ id: string }>('POST', path, event);
  expect(status).toBe(202);
  await expect.poll(async () => (await client.trace(body.id)).state).toBe('failed');
  const refused = await client.call('POST', path, { ...event, event_type: '' });
  expect(refused.status).toBe(400);
  expectNoneOf([card, token], refused.body);
});

test('nor does a record that becomes no event, or a transform that fails', async () => {
  const code = 'function transform(payload) { throw new Error(JSON.stringify(payload)); }';
  const reasons = async () => {
    const { body } = await client.call<List<{ reason: string }>>('GET', '/v1/quarantine');
    return body.data.map(({ reason }) => reason);
  };
  await client.produce({ value: `{"event_type":"a","data":{"card":"${card}"` });
  await expect.poll(reasons).toEqual(['invalid_json']);
  await client.call('PUT', '/v1/sources/ingest', { transform: { language: 'javascript', code } });
  await expect
    .poll(async () => {
      await client.produce({
        value: JSON.stringify({ card }),
        headers: { authorization: `Bearer ${token}` },
      });
      return reasons();
    })
    .toContain('transform_failed');
  await client.call('PUT', '/v1/sources/ingest', { transform: null });
});

test('nor does a request that is refused', async () => {
  const org = await client.createOrg();
  const path = `/v1/orgs/${org}/endpoints`;
  const wrong = {
    type: 'webhook',
    event_types: [],
    auth: { type: 'bearer', token: `${token}\n` },
    config: { url: `http://user:${password}@127.0.0.1/`, headers: { 'x-api-key': `${apiKey}\n` } },
    credentials: { secret: `whsec_${card}` },
  };
  const { status, body } = await client.call('POST', path, wrong);
  expect(status).toBe(400);
  expect(body.errors).toHaveLength(5);
  expectNoneOf([token, password, apiKey, card], body);
  const refused = await client.call('GET', '/v1/orgs', undefined, `fanout_${token}`);
  expect(refused.status).toBe(403);
  expectNoneOf([token], refused.body);
});

test('the log was there to be looked at', () => {
  expect(log.filter((line) => line.includes('"message":"ingested"')).length).toBeGreaterThan(1);
  expectNoneOf([card, token, apiKey, password], log);
});
