import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { mapAtOnce } from '../../lib/core/map-at-once.ts';
import { asAdministrator, createTopic, readTopic } from '../adapters/kafka-topics.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { type ApiClient, type List, apiClient } from './api/api-client.ts';
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

interface ListedEvent {
  readonly id: string;
  readonly state: string;
}

/** Where an event is said to be. */
const placesIn = ({ deliveries }: Trace) =>
  deliveries.flatMap(({ attempts }) => attempts as readonly KafkaAttempt[]).filter(({ offset }) => offset);

async function listEvents(org: string): Promise<ListedEvent[]> {
  const all: ListedEvent[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const path: string = `/v1/orgs/${org}/events?limit=100${cursor && `&cursor=${cursor}`}`;
    const { status, body } = await client.call<List<ListedEvent>>('GET', path);
    expect(status, JSON.stringify(body)).toBe(200);
    all.push(...body.data);
    cursor = body.next_cursor;
  }
  return all;
}

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

    const query = `endpoint=${made.body.id}`;
    const isDone = async () => {
      const ends = await asAdministrator(kafka, (admin) => admin.fetchTopicOffsets(topic));
      const records = ends.reduce((sum, { high }) => sum + Number(high), 0);
      return records >= events && (await use.count(org, `${query}&state=queued`)) === 0;
    };
    await expect.poll(isDone, { timeout: 8 * minutes, interval: 1000 }).toBe(true);
    expect(await use.count(org, `${query}&state=failed`)).toBe(0);

    const stored = await readTopic(kafka, topic);
    const there = new Map(stored.map((one) => [`${one.partition}.${one.offset}`, one.headers['event-id']!]));
    const ids = [...new Set(there.values())];
    expect(ids).toHaveLength(events);
    // One that was said to be delivered and is not there would not have been sent again, so nothing is.
    const listed = await listEvents(org);
    expect(new Set(listed.map(({ id, state }) => `${id} ${state}`))).toEqual(
      new Set(ids.map((id) => `${id} delivered`)),
    );
    const some = ids.filter((_, at) => at % 10 === 0);
    const traces = await mapAtOnce(some, 10, (id) => client.trace(id));
    for (const [at, trace] of traces.entries()) {
      const places = placesIn(trace);
      expect(places.length).toBeGreaterThan(0);
      for (const { partition, offset } of places) expect(there.get(`${partition}.${offset}`)).toBe(some[at]);
    }
  },
  10 * minutes,
);
