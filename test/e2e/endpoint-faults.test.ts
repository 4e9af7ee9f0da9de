import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { boundedRequests } from '../../lib/adapters/bounded-requests.ts';
import { freeze } from '../freeze.ts';
import type { startReceiver } from '../receiver.ts';
import { type Received, receiverPool } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';
import { type NameServer, startNameServer } from './name-server.ts';

const minutes = 60_000;
const events = 30;
/** What is sent while the queue stands still is sent again, and there so many times once it goes on. */
const sendTries = boundedRequests.maxAttempts;

let fanout: Fanout;
let client: FanoutClient;
let names: NameServer;
const receivers = receiverPool();
const receiverWith = receivers.start;

beforeAll(async () => {
  names = await startNameServer();
  fanout = await startWatchedFanout({ nameServer: names.address });
  client = await connectClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
  await names?.stop();
});

/** An org whose endpoint is the receiver, and which gets numbered events, spread over the partitions. */
async function sendTo(
  url: string,
  more: Record<string, unknown> = {},
): Promise<{ org: string; endpoint: string }> {
  const org = await client.createOrg();
  const retry = { schedule_seconds: [1, 1, 1, 1, 1, 1] };
  const { id: endpoint } = await client.createEndpoint(org, url, { retry, ...more });
  await client.produce(
    ...Array.from({ length: events }, (_, n) => ({
      value: `{"event_type":"a","owner_id":"${org}","data":${n}}`,
      partition: n % 6,
    })),
  );
  return { org, endpoint };
}

const numbers = (accepted: readonly Received[]) =>
  [...new Set(accepted.map(({ body }) => Number(body)))].sort((one, other) => one - other);
const all = Array.from({ length: events }, (_, n) => n);

/**
 * Waits until every event has arrived, under one id each, its trace says so, and no more comes.
 * @param copies how often an event came at most, of what the endpoint took
 * @returns how many came more than once
 */
async function expectAllDelivered(accepted: () => readonly Received[], copies = 1): Promise<number> {
  await expect.poll(() => numbers(accepted()), { timeout: 7 * minutes }).toEqual(all);
  const idsOf = new Map<string, Set<unknown>>();
  for (const { body, headers } of accepted()) {
    idsOf.set(body, (idsOf.get(body) ?? new Set()).add(headers['webhook-id']));
  }
  expect([...idsOf.values()].filter((ids) => ids.size !== 1)).toEqual([]);
  const ids = [...idsOf.values()].map((known) => [...known][0] as string);
  const states = async () => {
    const traces = await Promise.all(ids.map((id) => client.trace(id)));
    return traces.filter(({ state }) => state !== 'delivered').map(({ id, state }) => `${id} ${state}`);
  };
  await expect.poll(states, { timeout: 7 * minutes, interval: 500 }).toEqual([]);
  // What comes again comes soon after.
  const quietMs = () => Date.now() - Math.max(...accepted().map(({ atMs }) => atMs));
  await expect.poll(quietMs).toBeGreaterThan(1_000);
  const arrivals = accepted().map(({ headers }) => headers['webhook-id']);
  const counts = ids.map((id) => arrivals.filter((other) => other === id).length);
  expect(events - numbers(accepted()).length, 'lost').toBe(0);
  expect(Math.max(...counts), 'copies').toBeLessThanOrEqual(copies);
  return counts.filter((count) => count > 1).length;
}

/** Refuses each event in some way the first time, and takes it the second time. */
async function refusesOnce(refuse: Parameters<typeof startReceiver>[0]) {
  const seen = new Set<unknown>();
  const accepted: Received[] = [];
  const receiver = await receiverWith((request, response, socket) => {
    const id = request.headers['webhook-id'];
    if (!seen.has(id)) {
      seen.add(id);
      return refuse!(request, response, socket);
    }
    accepted.push(request);
    response.end();
  });
  return { url: receiver.url, accepted };
}

/** Waits until attempts have failed because the endpoint's name has no address. */
async function untilUnresolved(org: string): Promise<void> {
  const path = `/v1/orgs/${org}/events?limit=100`;
  const errors = async () => {
    const { body } = await client.call<{ data: { id: string }[] }>('GET', path);
    const traces = await Promise.all(body.data.map(({ id }) => client.trace(id)));
    const attempts = traces.flatMap(({ deliveries }) => deliveries.flatMap((delivery) => delivery.attempts));
    return attempts.map((attempt) => (attempt as { error?: string }).error);
  };
  await expect.poll(errors).toContain('dns');
}

describe('nothing is lost and no id repeated when an endpoint', () => {
  test(
    'resets connections',
    async () => {
      const { url, accepted } = await refusesOnce((_, __, socket) => socket.destroy());
      await sendTo(url);
      await expectAllDelivered(() => accepted);
    },
    10 * minutes,
  );

  test(
    'answers 429 with Retry-After, which no attempt comes before',
    async () => {
      const refusedAt = new Map<unknown, number>();
      const { url, accepted } = await refusesOnce(({ headers, atMs }, response) => {
        refusedAt.set(headers['webhook-id'], atMs);
        response.writeHead(429, { 'retry-after': '3' }).end();
      });
      await sendTo(url);
      await expectAllDelivered(() => accepted);
      for (const { headers, atMs } of accepted) {
        expect(atMs - refusedAt.get(headers['webhook-id'])!).toBeGreaterThanOrEqual(3000);
      }
    },
    10 * minutes,
  );

  test(
    'never answers at first',
    async () => {
      const { url, accepted } = await refusesOnce(() => {});
      await sendTo(url, { config: { timeout_ms: 500 } });
      await expectAllDelivered(() => accepted);
    },
    10 * minutes,
  );

  test(
    'answers without an end',
    async () => {
      const { url, accepted } = await refusesOnce((_, response) => {
        response.writeHead(500);
        const writing = setInterval(() => response.write('x'.repeat(8192)), 10);
        response.on('close', () => clearInterval(writing));
      });
      await sendTo(url, { config: { timeout_ms: 2000 } });
      await expectAllDelivered(() => accepted);
    },
    10 * minutes,
  );

  test(
    'has a name that fails to resolve, and then does',
    async () => {
      const receiver = await receiverWith();
      const { port } = new URL(receiver.url);
      const { org } = await sendTo(`http://hooks.test:${port}/`);
      await untilUnresolved(org);
      expect(receiver.connections()).toBe(0);
      names.answer('hooks.test', '127.0.0.1');
      await expectAllDelivered(() => receiver.received);
      expect(receiver.received[0]!.headers.host).toBe(`hooks.test:${port}`);
    },
    10 * minutes,
  );

  test(
    'has a name that does not resolve, and then another one',
    async () => {
      const receiver = await receiverWith();
      const { org, endpoint } = await sendTo('http://no-such-name.invalid/');
      await untilUnresolved(org);
      await client.call('PATCH', `/v1/orgs/${org}/endpoints/${endpoint}`, { config: { url: receiver.url } });
      await expectAllDelivered(() => receiver.received);
    },
    10 * minutes,
  );
});

test(
  'nothing is lost when the queue stands still for ten seconds',
  { timeout: 10 * minutes },
  async ({ annotate }) => {
    const queue = fanout.engines.processes.find(({ name }) => name === 'sqs')!;
    const { url, accepted } = await refusesOnce((_, response) => response.writeHead(500).end());
    await freeze(queue.pid);
    await sendTo(url);
    await wait(10_000);
    process.kill(queue.pid, 'SIGCONT');
    // The same attempt may be made by each of the messages that one send became.
    const repeated = await expectAllDelivered(() => accepted, sendTries);
    await annotate(`${repeated} of ${events} came more than once`);
  },
);

test(
  'an endpoint’s rate limit holds after the queue stood still, and nothing is lost',
  async () => {
    const queue = fanout.engines.processes.find(({ name }) => name === 'sqs')!;
    const receiver = await receiverWith();
    const limit = 5;
    await sendTo(receiver.url, { rate_limit: limit });
    await expect.poll(() => receiver.received.length).toBeGreaterThan(limit);
    await freeze(queue.pid);
    // Until every delivery has missed its time.
    await wait((events / limit) * 1000 + 5_000);
    process.kill(queue.pid, 'SIGCONT');
    // What was sent, received and deleted while it stood still comes again, as often as it was tried: but at the endpoint's rate.
    await expectAllDelivered(() => receiver.received, Infinity);
    const ofSecond = new Map<number, number>();
    for (const { atMs } of receiver.received) {
      const second = Math.floor(atMs / 1000);
      ofSecond.set(second, (ofSecond.get(second) ?? 0) + 1);
    }
    expect(Math.max(...ofSecond.values())).toBeLessThanOrEqual(2 * limit);
  },
  10 * minutes,
);
