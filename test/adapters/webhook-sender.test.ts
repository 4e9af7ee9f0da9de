import { Webhook } from 'standardwebhooks';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { createWebhookSender } from '../../lib/adapters/undici-webhook-sender.ts';
import type { WebhookEndpoint } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';
import { receiverPool, startReceiver } from '../receiver.ts';

const receivers = receiverPool();
const receiverWith = receivers.start;
afterEach(receivers.stop);

const local = { allowLoopback: true, ports: 'any', deniedRanges: [] } as const;
const sender = createWebhookSender(local, Date.now);
const body = { eventType: 'order.created', data: '{"n": 1.10, "name": "é"}', headers: { 'x-a': 'ü' } };
const until = (ms: number) => ({ beginByMs: ms, endByMs: ms });
const soon = () => until(Date.now() + 5_000);
let ids = 0;

/** An endpoint of its own for each test, so that none has another's connections. */
function endpointAt(url: string, parts: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return endpoint({ id: `ep_${ids++}`, url, ...parts });
}

test('the receiver gets the data as sent, signed, with the headers of event and endpoint', async () => {
  const receiver = await receiverWith();
  const target = endpointAt(`${receiver.url}/hook?a=b`, { headers: { 'x-static': '€' } });
  const attempt = await sender.attempt(target, 'msg_1', body, soon());

  expect(attempt).toMatchObject({ statusCode: 200 });
  const [request] = receiver.received;
  expect(request).toMatchObject({ path: '/hook?a=b', body: body.data });
  expect(request!.headers).toMatchObject({
    'content-type': 'application/json',
    'x-fanout-event-type': 'order.created',
    'x-static': Buffer.from('€').toString('latin1'),
    'x-a': Buffer.from('ü').toString('latin1'),
    'webhook-id': 'msg_1',
  });
  const headers = request!.headers as Record<string, string>;
  expect(new Webhook(target.secrets[0]!.value).verify(request!.body, headers)).toBeTruthy();
});

test('a refusal is an attempt with status, beginning of the answer and Retry-After', async () => {
  const receiver = await receiverWith((_, response) => {
    response.writeHead(503, { 'retry-after': '7' }).end('x'.repeat(2000));
  });
  const attempt = await sender.attempt(endpointAt(receiver.url), 'msg_1', body, soon());
  expect(attempt).toMatchObject({ statusCode: 503, retryAfterSeconds: 7, excerpt: 'x'.repeat(512) });
});

test('an attempt that is cut short has no stack worked out, which would read all source maps first', async () => {
  const receiver = await receiverWith(() => {});
  let frames = 0;
  const before: unknown = Reflect.get(Error, 'prepareStackTrace');
  onTestFinished(() => void Reflect.set(Error, 'prepareStackTrace', before));
  Error.prepareStackTrace = (error, stack) => {
    if (error.name === 'InformationalError') frames += stack.length;
    return '';
  };
  const target = endpointAt(receiver.url, { timeoutMs: 100 });
  expect(await sender.attempt(target, 'msg_1', body, soon())).toMatchObject({ error: 'timeout' });
  expect(frames).toBe(0);
});

test('an endpoint that never answers times out, and its connection is closed', async () => {
  let open = 0;
  const receiver = await receiverWith((_, __, socket) => {
    open++;
    socket.once('close', () => open--);
  });
  const attempt = await sender.attempt(endpointAt(receiver.url, { timeoutMs: 100 }), 'msg_1', body, soon());
  expect(attempt).toMatchObject({ error: 'timeout' });
  await expect.poll(() => open).toBe(0);
});

test('a body that comes slowly is ended at the time-out, counts by its status, and its connection is closed', async () => {
  let open = 0;
  const receiver = await receiverWith(({ path }, response, socket) => {
    open++;
    response.writeHead(path === '/good' ? 200 : 500);
    const drip = setInterval(() => response.write('x'), 20);
    socket.once('close', () => {
      clearInterval(drip);
      open--;
    });
  });
  for (const [path, statusCode] of [
    ['/good', 200],
    ['/bad', 500],
  ] as const) {
    const target = endpointAt(receiver.url + path, { timeoutMs: 200 });
    const attempt = await sender.attempt(target, 'msg_1', body, soon());
    expect(attempt).toMatchObject({ statusCode });
    expect(attempt!.latencyMs).toBeGreaterThanOrEqual(190);
    expect(attempt!.latencyMs).toBeLessThan(2000);
    expect(attempt!.excerpt).toEqual(statusCode === 200 ? undefined : expect.stringMatching(/^x+$/));
    await expect.poll(() => open).toBe(0);
  }
});

test('at the deadline what runs is aborted, and what waits for its turn has not begun', async () => {
  const receiver = await receiverWith(() => {});
  const target = endpointAt(receiver.url);
  const deadline = until(Date.now() + 300);
  const attempts = await Promise.all(
    Array.from({ length: 10 }, () => sender.attempt(target, 'msg_1', body, deadline)),
  );
  expect(attempts.filter((attempt) => attempt?.error === 'aborted')).toHaveLength(4);
  expect(attempts.filter((attempt) => attempt === undefined)).toHaveLength(6);
  expect(receiver.received).toHaveLength(4);
});

test('an answer without end is read to 64 KiB, counts by its status, and its connection is closed', async () => {
  let written = 0;
  const receiver = await receiverWith((_, response, socket) => {
    response.writeHead(200);
    const more = () => {
      if (socket.destroyed) return;
      written += 16_384;
      response.write('x'.repeat(16_384), more);
    };
    more();
  });
  expect(await sender.attempt(endpointAt(receiver.url), 'msg_1', body, soon())).toMatchObject({
    statusCode: 200,
  });
  await expect
    .poll(() => {
      const before = written;
      return new Promise((same) => setTimeout(() => same(before === written), 50));
    })
    .toBe(true);
});

test('requests to one endpoint share its connections, 16 at most', async () => {
  const receiver = await receiverWith();
  const target = endpointAt(receiver.url);
  const attempts = await Promise.all(
    Array.from({ length: 200 }, (_, at) => sender.attempt(target, `msg_${at}`, body, soon())),
  );
  expect(attempts.every((attempt) => attempt?.statusCode === 200)).toBe(true);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(200);
  expect(receiver.connections()).toBeLessThanOrEqual(16);
});

test('a connection that the other side closed meanwhile is no failed attempt', async () => {
  let resets = 0;
  const receiver = await receiverWith(({ headers }, response, socket) => {
    if (headers['webhook-id'] === 'second' && resets++ === 0) socket.destroy();
    else response.end();
  });
  const target = endpointAt(receiver.url);
  await sender.attempt(target, 'first', body, soon());
  expect(await sender.attempt(target, 'second', body, soon())).toMatchObject({ statusCode: 200 });
  expect(resets).toBe(2);
});

test('an endpoint that resets its first connection has failed', async () => {
  const receiver = await receiverWith((_, __, socket) => socket.destroy());
  expect(await sender.attempt(endpointAt(receiver.url), 'msg_1', body, soon())).toMatchObject({
    error: 'reset',
  });
  expect(receiver.received).toHaveLength(1);
});

test('failures are named by their class', async () => {
  const refusing = await startReceiver();
  await refusing.stop();
  expect(await sender.attempt(endpointAt(refusing.url), 'a', body, soon())).toMatchObject({
    error: 'refused',
  });
  expect(await sender.attempt(endpointAt('http://nowhere.invalid'), 'a', body, soon())).toMatchObject({
    error: 'dns',
  });
  const plain = await receiverWith();
  const tls = plain.url.replace('http:', 'https:');
  expect(await sender.attempt(endpointAt(tls), 'a', body, soon())).toMatchObject({ error: 'tls' });
});

test('outside the local stage neither loopback nor plain HTTP is connected to', async () => {
  const receiver = await receiverWith();
  const guarded = createWebhookSender({ ...local, allowLoopback: false }, Date.now);
  for (const url of [
    receiver.url,
    receiver.url.replace('http:', 'https:'),
    receiver.url.replace('http://127.0.0.1', 'https://localhost'),
  ]) {
    expect(await guarded.attempt(endpointAt(url), 'a', body, soon())).toMatchObject({
      error: 'address_not_allowed',
    });
  }
  expect(receiver.connections()).toBe(0);
});

test('an attempt that would not have all of its time does not begin', async () => {
  const receiver = await receiverWith();
  const times = { beginByMs: Date.now() - 1, endByMs: Date.now() + 5_000 };
  expect(await sender.attempt(endpointAt(receiver.url), 'a', body, times)).toBeUndefined();
  expect(receiver.received).toEqual([]);
});

test('700 endpoints at once all get theirs, over at most 600 connections', async () => {
  const receiver = await receiverWith();
  const fresh = createWebhookSender(local, Date.now);
  const times = until(Date.now() + 20_000);
  const targets = Array.from({ length: 700 }, () => endpointAt(receiver.url, { timeoutMs: 15_000 }));
  const attempts = await Promise.all(targets.map((target) => fresh.attempt(target, target.id, body, times)));
  expect(attempts.filter((attempt) => attempt?.statusCode === 200)).toHaveLength(700);
  expect(receiver.mostConnections()).toBeLessThanOrEqual(600);
});

test.each([
  [
    { type: 'basic', username: 'jürgen', password: 'pä:ss' },
    `Basic ${Buffer.from('jürgen:pä:ss').toString('base64')}`,
  ],
  [{ type: 'bearer', token: 'tökén' }, `Bearer ${Buffer.from('tökén').toString('latin1')}`],
] as const)('the authorization of %j is sent, and wins over the event’s own', async (auth, expected) => {
  const receiver = await receiverWith();
  const event = { ...body, headers: { authorization: 'Bearer of-the-event' } };
  await sender.attempt(endpointAt(receiver.url, { auth }), 'msg_1', event, soon());
  await sender.attempt(endpointAt(receiver.url), 'msg_2', event, soon());
  const sent = receiver.received.map(({ headers }) => headers.authorization);
  expect(sent).toEqual([expected, 'Bearer of-the-event']);
});

test('an endpoint that nobody knows is not waited for beyond our patience, nor tried again by those in line', async () => {
  const receiver = await receiverWith(() => {});
  const target = endpointAt(receiver.url);
  const times = { ...soon(), patienceMs: 100 };
  const attempts = await Promise.all(
    Array.from({ length: 10 }, () => sender.attempt(target, 'msg_1', body, times)),
  );
  expect(attempts.filter((attempt) => attempt?.error === 'aborted')).toHaveLength(receiver.received.length);
  expect(attempts.filter((attempt) => attempt === undefined).length).toBeGreaterThan(0);
});

test('what we were busy ourselves does not use up our patience with an endpoint', async () => {
  const receiver = await receiverWith(
    (_, response) =>
      void setTimeout(() => {
        const busyUntilMs = Date.now() + 500;
        while (Date.now() < busyUntilMs);
        setTimeout(() => response.end(), 20);
      }, 20),
  );
  const times = { ...soon(), patienceMs: 200 };
  expect(await sender.attempt(endpointAt(receiver.url), 'msg_1', body, times)).toMatchObject({
    statusCode: 200,
  });
});
