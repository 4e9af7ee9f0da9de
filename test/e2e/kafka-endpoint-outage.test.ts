import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { createTopic, readTopic } from '../adapters/kafka-topics.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { type ApiClient, apiClient } from './api/api-client.ts';
import { startWatchedFanout } from './canaries.ts';
import { deliveryClient } from './delivery-client.ts';
import { type Trace, connectClient } from './fanout-client.ts';

/** The tenant's own cluster. Fanout has another one. */
const tenants = useEngine('kafka');
const minutes = 60_000;
const events = 3_000;

let fanout: Fanout;
let client: ApiClient;
let use: ReturnType<typeof deliveryClient>;

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = apiClient(fanout, await connectClient(fanout));
  use = deliveryClient(client);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
});

interface KafkaAttempt {
  readonly partition?: number;
  readonly offset?: string;
}

/** Where an event is said to be. */
const placesIn = ({ deliveries }: Trace) =>
  deliveries.flatMap(({ attempts }) => attempts as readonly KafkaAttempt[]).filter(({ offset }) => offset);

test(
  'a tenant’s broker is killed amid 3,000 events and comes back: its topic has all, and what is said to be there is there',
  async ({ skip }) => {
    const { kafka, processes } = tenants();
    const broker = processes.find(({ name }) => name === 'kafka') ?? skip('Kafka is not a process of ours');
    const topic = await createTopic(kafka, { partitions: 3 });
    const org = await client.createOrg();
    const made = await client.call<{ id: string }>('POST', `/v1/orgs/${org}/endpoints`, {
      type: 'kafka',
      config: { brokers: kafka.bootstrapServers, topic, sasl_mechanism: 'plain', tls: false },
      credentials: { username: kafka.username, password: kafka.password },
      retry: { schedule_seconds: Array.from({ length: 20 }, () => 5) },
    });
    expect(made.status).toBe(201);

    await use.produce(org, events / 2);
    await expect.poll(async () => (await readTopic(kafka, topic)).length).toBeGreaterThan(0);
    const producing = use.produce(org, events / 2);
    await broker.kill();
    await producing;
    await wait(3000);
    await broker.restart();

    const idsThere = async () => {
      const stored = await readTopic(kafka, topic);
      return new Map(stored.map((one) => [`${one.partition}.${one.offset}`, one.headers['event-id']!]));
    };
    await expect
      .poll(async () => new Set((await idsThere()).values()).size, { timeout: 4 * minutes, interval: 1000 })
      .toBe(events);
    const query = `endpoint=${made.body.id}`;
    await expect
      .poll(() => use.count(org, `${query}&state=queued`), { timeout: 4 * minutes, interval: 1000 })
      .toBe(0);
    expect(await use.count(org, `${query}&state=failed`)).toBe(0);

    const there = await idsThere();
    const ids = new Set(there.values());
    for (const id of ids) {
      const trace = await client.trace(id);
      expect(trace.state, id).toBe('delivered');
      for (const { partition, offset } of placesIn(trace))
        expect(there.get(`${partition}.${offset}`)).toBe(id);
    }
  },
  10 * minutes,
);
