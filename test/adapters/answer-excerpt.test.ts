import { afterEach, describe, expect, test } from 'vitest';
import { createWebhookSender } from '../../lib/adapters/undici-webhook-sender.ts';
import type { WebhookEndpoint } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';
import { receiverPool } from '../receiver.ts';

const receivers = receiverPool();
const receiverWith = receivers.start;
afterEach(receivers.stop);

const sender = createWebhookSender({ allowLoopback: true, ports: 'any', deniedRanges: [] }, Date.now);
const body = { eventType: 'order.created', data: '{}', headers: {} };
const soon = () => ({ beginByMs: Date.now() + 5_000, endByMs: Date.now() + 5_000 });
let ids = 0;

/** An endpoint of its own for each test, so that none has another's connections. */
function endpointAt(url: string, parts: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return endpoint({ id: `ep_${ids++}`, url, ...parts });
}

describe('an excerpt of an answer that echoes the request', () => {
  const token = 'tok/én"<&>-0123456789';
  const key = 'key-9876543210';
  const cookie = 'cookie-5555555555';
  const ofEvent = 'of-the-event-333';
  const target = {
    auth: { type: 'bearer', token },
    headers: { 'x-api-key': key, cookie: `a=1; session=${cookie}`, 'x-shown': 'shown' },
  } as const;
  const event = { ...body, headers: { 'x-access-token': ofEvent } };
  const echoes: Readonly<Record<string, (headers: Record<string, string>) => string>> = {
    'as JSON': (headers) => JSON.stringify(headers),
    'as JSON in ASCII': (headers) =>
      JSON.stringify(headers).replace(/[^\x00-\x7f]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`),
    'as JSON with escaped slashes': (headers) => JSON.stringify(headers).replaceAll('/', '\\/'),
    'as a form': (headers) => new URLSearchParams(headers).toString(),
    'in a URL': (headers) =>
      Object.entries(headers)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&'),
    'as lines': (headers) =>
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join(''),
    'in pieces, with control characters between': (headers) =>
      Object.values(headers)
        .map((value) => `${value.slice(0, 12)}\0${value.slice(12)}`)
        .join(' '),
  };

  test.each(Object.keys(echoes))('%s holds no credential, wherever it is cut', async (name) => {
    let padding = 0;
    const receiver = await receiverWith(({ headers }, response) => {
      const own = ['authorization', 'x-api-key', 'cookie', 'x-access-token', 'x-shown'];
      const sent = Object.fromEntries(own.map((header) => [header, headers[header] as string]));
      response.writeHead(400).end('.'.repeat(padding) + echoes[name]!(sent));
    });
    const echoing = endpointAt(receiver.url, target);
    for (; padding <= 520; padding += 13) {
      const { excerpt } = (await sender.attempt(echoing, 'msg_1', event, soon()))!;
      for (const secret of ['0123456789', key, cookie, ofEvent])
        expect(excerpt, String(padding)).not.toContain(secret.slice(0, 8));
      expect(Buffer.byteLength(excerpt!)).toBeLessThanOrEqual(512);
      if (padding === 0) expect(excerpt).toContain('shown');
      if (padding < 400) expect(excerpt).toContain('[redacted]');
    }
  });

  test('of a password holds neither it nor the header', async () => {
    const receiver = await receiverWith(({ headers }, response) => {
      const [, encoded] = headers.authorization!.split(' ');
      response
        .writeHead(401)
        .end(`${headers.authorization} ${encoded} ${Buffer.from(encoded!, 'base64').toString()}`);
    });
    const auth = { type: 'basic', username: 'user', password: 'password-1' } as const;
    const attempt = await sender.attempt(endpointAt(receiver.url, { auth }), 'msg_1', body, soon());
    expect(attempt).toMatchObject({ excerpt: '[redacted] [redacted] [redacted]' });
    const own = { headers: { authorization: `Basic ${Buffer.from('a:password-2').toString('base64')}` } };
    const byHeader = await sender.attempt(endpointAt(receiver.url, own), 'msg_1', body, soon());
    expect(byHeader).toMatchObject({ excerpt: '[redacted] [redacted] [redacted]' });
  });

  test('holds no signing secret', async () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const receiver = await receiverWith((_, response) =>
      response.writeHead(500).end(`x ${secret} ${secret.slice(6)}`),
    );
    const attempt = await sender.attempt(
      endpointAt(receiver.url, { secrets: [{ value: secret }] }),
      'a',
      body,
      soon(),
    );
    expect(attempt).toMatchObject({ excerpt: 'x [redacted] [redacted]' });
  });

  test('that was cut in the middle of a credential does not hold its beginning', async () => {
    const receiver = await receiverWith(
      (_, response) => void response.writeHead(500).write(`your key is ${key.slice(0, 9)}`),
    );
    const echoing = endpointAt(receiver.url, { ...target, timeoutMs: 200 });
    expect(await sender.attempt(echoing, 'a', body, soon())).toMatchObject({
      excerpt: 'your key is [redacted]',
    });
  });
});

test('an excerpt has 512 bytes at most, whole characters and no control characters', async () => {
  const answers: [sent: string | Buffer, kept: string][] = [
    ['é'.repeat(600), 'é'.repeat(256)],
    ['x' + 'é'.repeat(600), 'x' + 'é'.repeat(255)],
    ['€'.repeat(600), '€'.repeat(170)],
    ['😀'.repeat(2000), '😀'.repeat(128)],
    ['a\u001b[31m\u0000\u202eb\r\n\tc\u007f\u0085', 'a[31mb c'],
    [Buffer.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
  ];
  const receiver = await receiverWith(({ headers }, response) => {
    response.writeHead(500).end(answers[Number(headers['webhook-id'])]![0]);
  });
  for (const [index, [, kept]] of answers.entries()) {
    const attempt = await sender.attempt(endpointAt(receiver.url), String(index), body, soon());
    expect(attempt!.excerpt).toBe(kept);
  }
});

test('the answer to a delivered event leaves no excerpt', async () => {
  const receiver = await receiverWith((_, response) => response.end('thanks'));
  const attempt = await sender.attempt(endpointAt(receiver.url), 'a', body, soon());
  expect(attempt).not.toHaveProperty('excerpt');
});
