import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { patientStage } from '../local-assembly.ts';
import { type Received, type Receiver, receiverPool } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';
import { type NameServer, startNameServer } from './name-server.ts';

let fanout: Fanout;
let client: FanoutClient;
let names: NameServer;
const receivers = receiverPool();
const receiverWith = receivers.start;

beforeAll(async () => {
  names = await startNameServer();
  // What nobody may reach, on this machine.
  const stage = { ...patientStage, deniedAddressRanges: ['127.9.0.0/16'] };
  fanout = await startWatchedFanout({ stage, nameServer: names.address });
  client = await connectClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
  await names?.stop();
});

interface RotatedBody {
  readonly id: string;
  readonly credentials: { readonly secret: string };
  readonly previous_secrets?: readonly { readonly secret: string; readonly expires_at: string }[];
}

interface TestBody {
  readonly status_code?: number;
  readonly error?: string;
  readonly latency_ms: number;
  readonly excerpt?: string;
  readonly webhook_id: string;
}

const masked = (secret: string) => `whsec_…${secret.slice(-4)}`;

function verifies(secret: string, { body, headers }: Received): boolean {
  try {
    return Boolean(new Webhook(secret).verify(body, headers as Record<string, string>));
  } catch {
    return false;
  }
}

/** Sends test events until one is signed by these of the secrets only. */
async function untilSignedBy(path: string, receiver: Receiver, all: string[], expected: string[]) {
  await expect
    .poll(async () => {
      await client.call('POST', `${path}/test`);
      return all.filter((secret) => verifies(secret, receiver.received.at(-1)!));
    })
    .toEqual(expected);
}

describe('rotating the secret', () => {
  test('both secrets verify during the overlap, and only the new one after it', async () => {
    const receiver = await receiverWith();
    const org = await client.createOrg();
    const { id, secret: old } = await client.createEndpoint(org, receiver.url);
    const path = `/v1/orgs/${org}/endpoints/${id}`;
    const rotated = await client.call<RotatedBody>('POST', `${path}/rotate-secret`, { overlap_seconds: 6 });
    const { secret } = rotated.body.credentials;
    expect(rotated.status).toBe(200);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const previous = [{ secret: masked(old), expires_at: expect.any(String) as string }];
    expect(rotated.body).toMatchObject({ id, previous_secrets: previous });
    const shown = (await client.call<RotatedBody>('GET', path)).body;
    expect(shown).toMatchObject({ credentials: { secret: masked(secret) }, previous_secrets: previous });

    await untilSignedBy(path, receiver, [old, secret], [old, secret]);
    await untilSignedBy(path, receiver, [old, secret], [secret]);
    expect((await client.call<RotatedBody>('GET', path)).body).not.toHaveProperty('previous_secrets');
  });

  test('events are signed by both, the new one first', async () => {
    const receiver = await receiverWith();
    const org = await client.createOrg();
    const { id, secret: old } = await client.createEndpoint(org, receiver.url);
    const given = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
    const path = `/v1/orgs/${org}/endpoints/${id}/rotate-secret`;
    const rotated = await client.call<RotatedBody>('POST', path, { secret: given });
    expect(rotated.body.credentials).toEqual({ secret: given });
    const overlap = Date.parse(rotated.body.previous_secrets![0]!.expires_at) - Date.now();
    expect(overlap / 3_600_000).toBeCloseTo(24, 1);

    await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }) });
    await expect.poll(() => receiver.received.length).toBe(1);
    const [event] = receiver.received;
    const signatures = (event!.headers['webhook-signature'] as string).split(' ');
    const signedBy = (signature: string) =>
      [old, given].filter((secret) =>
        verifies(secret, { ...event!, headers: { ...event!.headers, 'webhook-signature': signature } }),
      );
    expect(signatures.map(signedBy)).toEqual([[given], [old]]);
  });

  test('without an overlap the old secret signs no more', async () => {
    const receiver = await receiverWith();
    const org = await client.createOrg();
    const { id, secret: old } = await client.createEndpoint(org, receiver.url);
    const path = `/v1/orgs/${org}/endpoints/${id}`;
    const rotated = await client.call<RotatedBody>('POST', `${path}/rotate-secret`, { overlap_seconds: 0 });
    const { secret } = rotated.body.credentials;
    expect(rotated.body).not.toHaveProperty('previous_secrets');
    await client.call('POST', `${path}/test`);
    expect([old, secret].map((one) => verifies(one, receiver.received[0]!))).toEqual([false, true]);
  });

  test('names what is wrong', async () => {
    const org = await client.createOrg();
    const secret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
    const { id } = await client.createEndpoint(org, 'https://example.com', { credentials: { secret } });
    const path = `/v1/orgs/${org}/endpoints/${id}/rotate-secret`;
    for (const [body, at] of [
      [{ secret: 'whsec_short' }, 'secret'],
      [{ secret }, 'secret'],
      [{ overlap_seconds: -1 }, 'overlap_seconds'],
      [{ overlap_seconds: 604_801 }, 'overlap_seconds'],
      [{ overlap_seconds: 1.5 }, 'overlap_seconds'],
      [{ overlap: 1 }, 'overlap'],
    ] as const) {
      const answer = await client.call('POST', path, body);
      expect(answer, JSON.stringify(body)).toMatchObject({ status: 400, body: { errors: [{ path: at }] } });
    }
    const foreign = `/v1/orgs/${await client.createOrg()}/endpoints/${id}/rotate-secret`;
    expect((await client.call('POST', foreign, {})).status).toBe(404);
  });
});

describe('a test event', () => {
  test('is sent at once, signed, whatever the endpoint’s status and event types, and leaves no trace', async () => {
    const receiver = await receiverWith();
    const org = await client.createOrg();
    for (const status of ['active', 'paused', 'disabled']) {
      const more = {
        status,
        event_types: ['order.*'],
        auth: { type: 'bearer', token: 'token-of-the-endpoint' },
      };
      const { id, secret } = await client.createEndpoint(org, `${receiver.url}/${status}`, more);
      const { status: code, body } = await client.call<TestBody>(
        'POST',
        `/v1/orgs/${org}/endpoints/${id}/test`,
      );
      expect([code, body]).toEqual([
        200,
        {
          status_code: 200,
          latency_ms: expect.any(Number) as number,
          webhook_id: expect.stringMatching(/^msg_[a-z2-9]{20}$/) as string,
        },
      ]);
      const sent = receiver.received.at(-1)!;
      expect(sent).toMatchObject({ path: `/${status}`, body: '{"test":true}' });
      expect(sent.headers).toMatchObject({
        'webhook-id': body.webhook_id,
        'x-fanout-event-type': 'fanout.test',
        authorization: 'Bearer token-of-the-endpoint',
      });
      expect(verifies(secret, sent)).toBe(true);
      expect((await client.call('GET', `/v1/events/${body.webhook_id}`)).status).toBe(404);
    }
  });

  test('that fails tells how, and disables nothing', async () => {
    const gone = await receiverWith((_, response) => response.writeHead(410).end('gone'));
    const silent = await receiverWith(() => {});
    const org = await client.createOrg();
    const attempt = async (url: string) => {
      const { id } = await client.createEndpoint(org, url, { config: { timeout_ms: 200 } });
      const path = `/v1/orgs/${org}/endpoints/${id}`;
      const { status, body } = await client.call<TestBody>('POST', `${path}/test`);
      expect(status).toBe(200);
      expect((await client.call('GET', path)).body).toMatchObject({ status: 'active' });
      return body;
    };
    expect(await attempt(gone.url)).toMatchObject({ status_code: 410, excerpt: 'gone' });
    expect(await attempt(silent.url)).toMatchObject({ error: 'timeout' });
    expect(await attempt('http://127.0.0.1:1')).toMatchObject({ error: 'refused' });
    expect(await attempt('https://nowhere.invalid')).toMatchObject({ error: 'dns' });
  });
});

test('an endpoint’s credentials reach it, and come back neither in answers nor in traces', async () => {
  const echo = await receiverWith(({ headers }, response) => {
    response.writeHead(500).end(JSON.stringify([headers.authorization, headers['x-api-key'], 'sorry']));
  });
  const org = await client.createOrg();
  const password = 'the-password-ab12';
  const key = 'the-api-key-cd34';
  const { id } = await client.createEndpoint(org, echo.url, {
    auth: { type: 'basic', username: 'user', password },
    config: { headers: { 'X-Api-Key': key } },
    retry: { schedule_seconds: [] },
  });
  await client.produce({ value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }) });
  await expect.poll(() => echo.received.length).toBe(1);
  const basic = Buffer.from(`user:${password}`).toString('base64');
  expect(echo.received[0]!.headers).toMatchObject({ authorization: `Basic ${basic}`, 'x-api-key': key });

  const trace = await client.trace(echo.received[0]!.headers['webhook-id'] as string);
  const shown = (await client.call('GET', `/v1/orgs/${org}/endpoints/${id}`)).body;
  expect(trace.deliveries).toMatchObject([
    { attempts: [{ status_code: 500, excerpt: '["[redacted]","[redacted]","sorry"]' }] },
  ]);
  expect(shown).toMatchObject({
    auth: { type: 'basic', username: 'user', password: '…ab12' },
    config: { headers: { 'x-api-key': '…cd34' } },
  });
  for (const secret of [password, basic, key]) expect(JSON.stringify([trace, shown])).not.toContain(secret);
});

/** Counts the connections to an address, and answers none of them. */
async function startGuarded(host: string, port: number) {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { connections: () => connections, stop: () => void server.close() };
}

interface Refusals {
  readonly deliveries: readonly { readonly attempts: readonly { readonly error?: string }[] }[];
}

test('a name that is rebound to a guarded address is not followed there, by events or test events', async () => {
  const receiver = await receiverWith((_, response) => response.setHeader('connection', 'close').end());
  const { port } = new URL(receiver.url);
  const guarded = await startGuarded('127.9.0.1', Number(port));
  const org = await client.createOrg();
  const name = 'rebound.test';
  const retry = { schedule_seconds: Array.from({ length: 20 }, () => 1) };
  const { id } = await client.createEndpoint(org, `http://${name}:${port}/`, { retry });
  const publish = async (data: number) => {
    const event = { event_type: 'a', data };
    return (await client.call<{ id: string }>('POST', `/v1/orgs/${org}/events`, event)).body.id;
  };
  const bodies = () => receiver.received.map(({ body }) => body);

  // What was allowed is what is connected to: nobody asks a second time.
  names.answer(name, '127.0.0.1', '127.9.0.1');
  await publish(1);
  await expect.poll(bodies).toEqual(['1']);
  expect(names.asked(name)).toBe(1);

  const event = await publish(2);
  const errors = async () => {
    const { deliveries } = (await client.trace(event)) as unknown as Refusals;
    return deliveries.flatMap(({ attempts }) => attempts.map(({ error }) => error));
  };
  await expect.poll(async () => (await errors()).length).toBeGreaterThan(1);
  expect(new Set(await errors())).toEqual(new Set(['address_not_allowed']));
  const tested = await client.call<TestBody>('POST', `/v1/orgs/${org}/endpoints/${id}/test`);
  expect(tested.body).toMatchObject({ error: 'address_not_allowed' });
  expect(bodies()).toEqual(['1']);

  names.answer(name, '127.0.0.1');
  await expect.poll(bodies).toEqual(['1', '2']);
  expect(guarded.connections()).toBe(0);
  guarded.stop();
});
