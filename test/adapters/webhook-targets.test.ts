import { afterEach, describe, expect, test } from 'vitest';
import type { ResolveName } from '../../lib/adapters/address-guard.ts';
import type { TargetRules } from '../../lib/adapters/target-rules.ts';
import { createWebhookSender } from '../../lib/adapters/undici-webhook-sender.ts';
import { endpoint } from '../endpoints.ts';
import { type Receiver, receiverPool } from '../receiver.ts';

const receivers = receiverPool();
const receiverWith = receivers.start;
afterEach(receivers.stop);

const body = { eventType: 'a', data: '{}', headers: {} };
const soon = () => ({ beginByMs: Date.now() + 5_000, endByMs: Date.now() + 5_000 });
/** A public address by its range, which nobody was given: no packet to it arrives anywhere. */
const publicAddress = '2d00::1';
const onAws = (receiver: Receiver, deniedRanges: string[] = []): TargetRules => ({
  allowLoopback: false,
  ports: [portOf(receiver)],
  deniedRanges,
});

/** A connection is free again a moment after its answer. */
const connectionFree = () => new Promise((free) => setTimeout(free, 20));

function portOf({ url }: Receiver): number {
  return Number(new URL(url).port);
}

/** Resolves every name to the first of these, then the next one, and from the last on to that. */
function resolvesTo(...answers: string[][]): { resolveName: ResolveName; asked: () => number } {
  let asked = 0;
  return {
    asked: () => asked,
    resolveName(_, __, callback) {
      const addresses = answers[Math.min(asked++, answers.length - 1)]!;
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  };
}

/** Makes attempts one after the other, each over a connection of its own, and answers how they ended. */
async function attempts(
  rules: TargetRules,
  resolveName: ResolveName | undefined,
  url: string,
  count: number,
) {
  const sender = createWebhookSender(rules, Date.now, resolveName);
  const results: (string | number | undefined)[] = [];
  for (let at = 0; at < count; at++) {
    const target = endpoint({ id: `ep_${at}`, url, timeoutMs: 200 });
    const attempt = await sender.attempt(target, `msg_${at}`, body, soon());
    results.push(attempt?.error ?? attempt?.statusCode);
  }
  return results;
}

const denied = 'address_not_allowed';
const named = (port: number) => `https://hooks.example.com:${port}`;

/** Every trick to lead a webhook to a server on loopback, with what its name resolves to where it has one. */
test.each<[trick: string, url: (port: number) => string, addresses?: string[]]>([
  ['loopback', (port) => `https://127.0.0.1:${port}`],
  ['loopback over HTTP', (port) => `http://127.0.0.1:${port}`],
  ['a short form', (port) => `https://127.1:${port}`],
  ['a hexadecimal part', (port) => `https://0x7f.1:${port}`],
  ['a decimal number', (port) => `https://2130706433:${port}`],
  ['an octal number', (port) => `https://017700000001:${port}`],
  ['ideographic full stops', (port) => `https://127。0。0。1:${port}`],
  ['escaped digits', (port) => `https://%31%32%37.0.0.1:${port}`],
  ['this host', (port) => `https://0.0.0.0:${port}`],
  ['loopback of IPv6', (port) => `https://[::1]:${port}`],
  ['a mapped address', (port) => `https://[::ffff:127.0.0.1]:${port}`],
  ['a NAT64 address', (port) => `https://[64:ff9b::7f00:1]:${port}`],
  ['a 6to4 address', (port) => `https://[2002:7f00:1::]:${port}`],
  ['userinfo that looks like a host', (port) => `https://example.com@127.0.0.1:${port}`],
  ['a user name and password', (port) => `https://user:password@127.0.0.1:${port}`],
  ['the machine’s own name for itself', (port) => `https://localhost:${port}`],
  ['the same over HTTP', (port) => `http://localhost:${port}`],
  ['another port', () => 'https://hooks.example.com:22', ['127.0.0.1']],
  ['a name of loopback', named, ['127.0.0.1']],
  ['a name of loopback of IPv6', named, ['::1']],
  ['a name of a private address', named, ['10.0.0.1']],
  ['a name of a link-local address', named, ['169.254.1.1']],
  ['a name of the metadata address', named, ['169.254.169.254']],
  ['a name of the metadata address of IPv6', named, ['fd00:ec2::254']],
  ['a name of a link-local address of IPv6', named, ['fe80::1']],
  ['a name of a mapped address', named, ['::ffff:127.0.0.1']],
  ['a name of a NAT64 address', named, ['64:ff9b::7f00:1']],
  ['a name of a public address and loopback', named, [publicAddress, '127.0.0.1']],
])('%s leads nobody to the server', async (_, url, addresses) => {
  const receiver = await receiverWith();
  const resolveName = addresses && resolvesTo(addresses).resolveName;
  expect(await attempts(onAws(receiver), resolveName, `${url(portOf(receiver))}/`, 1)).toEqual([denied]);
  expect(receiver.connections()).toBe(0);
});

describe('a name that changes its address', () => {
  test.each([
    ['from public to loopback', [[publicAddress], ['127.0.0.1']], [denied, denied]],
    ['from loopback to public', [['127.0.0.1'], [publicAddress]], [denied]],
    ['to a public one beside loopback', [[publicAddress], [publicAddress, '127.0.0.1']], [denied, denied]],
    ['to and fro', [['127.0.0.1'], [publicAddress], ['::ffff:127.0.0.1'], ['127.0.0.1']], [denied, denied]],
  ])('%s, never leads to loopback', async (_, answers, atLeast) => {
    const receiver = await receiverWith();
    const { resolveName, asked } = resolvesTo(...answers);
    const results = await attempts(
      onAws(receiver),
      resolveName,
      `https://hooks.example.com:${portOf(receiver)}/`,
      4,
    );
    expect(receiver.connections()).toBe(0);
    expect(results.filter((result) => result === denied)).toEqual(expect.arrayContaining(atLeast));
    expect(results).not.toContain(200);
    // Each connection asks once, and goes where that answer says.
    expect(asked()).toBe(4);
  });

  test('leads to loopback where that is allowed: the server is there', async () => {
    const receiver = await receiverWith();
    const { resolveName } = resolvesTo(['127.0.0.1']);
    const local: TargetRules = { allowLoopback: true, ports: 'any', deniedRanges: [] };
    const url = `http://hooks.example.com:${portOf(receiver)}/`;
    expect(await attempts(local, resolveName, url, 2)).toEqual([200, 200]);
    expect(receiver.connections()).toBe(2);
  });

  test('is checked for each new connection of a pool that is kept', async () => {
    const receiver = await receiverWith((_, response) => setTimeout(() => response.end(), 50));
    const { resolveName } = resolvesTo(['127.0.0.1'], ['10.0.0.1'], ['169.254.169.254']);
    const local: TargetRules = { allowLoopback: true, ports: 'any', deniedRanges: [] };
    const sender = createWebhookSender(local, Date.now, resolveName);
    const target = endpoint({ url: `http://hooks.example.com:${portOf(receiver)}/` });
    expect(await sender.attempt(target, 'msg_1', body, soon())).toMatchObject({ statusCode: 200 });
    await connectionFree();
    const many = await Promise.all(
      Array.from({ length: 4 }, (_, at) => sender.attempt(target, `msg_${at}`, body, soon())),
    );
    expect(many.map((attempt) => attempt?.error ?? attempt?.statusCode).sort()).toEqual([
      200,
      denied,
      denied,
      denied,
    ]);
    expect(receiver.connections()).toBe(1);
  });
});

test('the stage’s own ranges are not connected to, by name or by address', async () => {
  const receiver = await receiverWith();
  const { resolveName } = resolvesTo(['127.0.0.1']);
  const rules: TargetRules = { allowLoopback: true, ports: 'any', deniedRanges: ['127.0.0.0/24'] };
  for (const origin of ['http://127.0.0.1', 'http://hooks.example.com']) {
    expect(await attempts(rules, resolveName, `${origin}:${portOf(receiver)}/`, 2)).toEqual([denied, denied]);
  }
  expect(receiver.connections()).toBe(0);
});

test('other ports than the stage’s are not connected to, whatever was saved', async () => {
  const receiver = await receiverWith();
  const rules: TargetRules = { allowLoopback: true, ports: [443], deniedRanges: [] };
  expect(await attempts(rules, undefined, receiver.url, 1)).toEqual([denied]);
  expect(receiver.connections()).toBe(0);
});

test.each([301, 302, 303, 307, 308])(
  'a redirect by %i is the answer, and nobody goes there, over a new connection or a kept one',
  async (status) => {
    const guarded = await receiverWith();
    const receiver = await receiverWith((_, response) =>
      response.writeHead(status, { location: `${guarded.url}/secret` }).end('moved'),
    );
    const sender = createWebhookSender({ allowLoopback: true, ports: 'any', deniedRanges: [] }, Date.now);
    const target = endpoint({ url: receiver.url });
    for (const id of ['msg_1', 'msg_2', 'msg_3']) {
      const attempt = await sender.attempt(target, id, body, soon());
      expect(attempt).toMatchObject({ statusCode: status, excerpt: 'moved' });
      await connectionFree();
    }
    expect(guarded.connections()).toBe(0);
    expect([receiver.received.length, receiver.connections()]).toEqual([3, 1]);
  },
);
