import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { connectionsConnectsChannel } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { createLedTopic } from '../../infra/local/engines/kafka-client.ts';
import type { KafkaSender } from '../../lib/adapters/kafka-sender.ts';
import { partitionOfKey } from '../../lib/core/murmur2.ts';
import type { KafkaTarget } from '../../lib/core/kafka-target.ts';
import { type KafkaCluster, useKafkaCluster } from './kafka-cluster.ts';
import {
  asAdministrator,
  attempt,
  countRequests,
  messageWith,
  readTopic,
  startSender,
  targetOf,
} from './kafka-topics.ts';

const started = useKafkaCluster({ brokers: 2 });
const cluster = (skip: (why: string) => never): KafkaCluster =>
  started() ?? skip('this machine has no Java to run brokers with');

/** @param replicas the brokers that keep each partition, the one that leads it first */
async function topicOn(
  { access }: KafkaCluster,
  replicas: readonly number[][],
  config: Record<string, string> = {},
): Promise<string> {
  const topic = `target-${randomUUID()}`;
  const replicaAssignment = replicas.map((brokers, partition) => ({ partition, replicas: brokers }));
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await asAdministrator(access, (admin) =>
    createLedTopic(admin, { topic, replicaAssignment, configEntries }),
  );
  return topic;
}

async function leadersOf({ access }: KafkaCluster, topic: string): Promise<number[]> {
  const { topics } = await asAdministrator(access, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  const { partitions } = topics[0]!;
  return partitions.sort((one, other) => one.partitionId - other.partitionId).map(({ leader }) => leader);
}

const targetOn = ({ access }: KafkaCluster, topic: string) =>
  targetOf(access, topic, { saslMechanism: 'plain' });

/** Sends a message every few milliseconds, each again until it is acknowledged, as a schedule would. */
function stream(sender: KafkaSender, target: KafkaTarget, endpoint: string) {
  const acknowledged = new Map<string, string>();
  const errors: string[] = [];
  const deliveries: Promise<void>[] = [];
  let isOver = false;
  const deliver = async (id: string): Promise<void> => {
    const result = await attempt(sender, target, { endpoint, message: messageWith({ key: id }) });
    if (result?.acknowledged)
      return void acknowledged.set(id, `${result.acknowledged.partition}.${result.acknowledged.offset}`);
    errors.push(result?.error ?? 'not begun');
    await wait(500);
    return deliver(id);
  };
  const run = async () => {
    while (!isOver) {
      deliveries.push(deliver(randomUUID()));
      await wait(10);
    }
  };
  const running = run();
  return {
    acknowledged,
    errors,
    async end() {
      isOver = true;
      await running;
      await Promise.all(deliveries);
    },
  };
}

/** Whether each message is where the cluster said that it is. */
async function expectStored({ access }: KafkaCluster, topic: string, places: ReadonlyMap<string, string>) {
  const stored = await readTopic(access, topic);
  const there = new Map(stored.map(({ partition, offset, key }) => [`${partition}.${offset}`, key]));
  expect([...places].filter(([id, place]) => there.get(place) !== id)).toEqual([]);
}

test('partitions go to the brokers that lead them, over a connection to each', async ({ skip }) => {
  const brokers = cluster(skip);
  const topic = await topicOn(brokers, [[1], [2], [1], [2]]);
  const opened = countRequests(connectionsConnectsChannel);
  const sender = startSender();

  const keys = Array.from({ length: 200 }, (_, n) => `key-${n}`);
  const results = await Promise.all(
    keys.map((key) => attempt(sender, targetOn(brokers, topic), { message: messageWith({ key }) })),
  );

  for (const [at, key] of keys.entries())
    expect(results[at]).toMatchObject({ acknowledged: { partition: partitionOfKey(Buffer.from(key), 4) } });
  expect(opened.count).toBe(2);
  const stored = await readTopic(brokers.access, topic);
  expect(new Set(stored.map(({ key, partition }) => `${key} ${partition}`)).size).toBe(200);
});

test('a partition that gets another leader amid messages costs no attempt', async ({ skip }) => {
  const brokers = cluster(skip);
  const topic = await topicOn(brokers, [[1], [2]]);
  const messages = stream(startSender(), targetOn(brokers, topic), 'ep');
  await expect.poll(() => messages.acknowledged.size).toBeGreaterThan(30);

  const partitionAssignment = [[2], [1]].map((replicas, partition) => ({ partition, replicas }));
  await asAdministrator(brokers.access, (admin) =>
    admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] }),
  );
  await expect.poll(() => leadersOf(brokers, topic)).toEqual([2, 1]);
  const before = messages.acknowledged.size;
  await expect.poll(() => messages.acknowledged.size).toBeGreaterThan(before + 30);
  await messages.end();

  expect(messages.errors).toEqual([]);
  await expectStored(brokers, topic, messages.acknowledged);
});

test('a leader that is killed amid messages takes none along; where replicas must be two, none counts without it', async ({
  skip,
}) => {
  const brokers = cluster(skip);
  const [topic, strict] = [
    await topicOn(brokers, [
      [2, 1],
      [1, 2],
    ]),
    await topicOn(brokers, [[2, 1]], { 'min.insync.replicas': '2' }),
  ];
  const sender = startSender();
  const messages = stream(sender, targetOn(brokers, topic), 'ep');
  const careful = stream(sender, targetOn(brokers, strict), 'strict');
  await expect.poll(() => messages.acknowledged.size).toBeGreaterThan(30);
  await expect.poll(() => careful.acknowledged.size).toBeGreaterThan(30);

  await brokers.brokers[1]!.kill();
  await expect.poll(() => leadersOf(brokers, strict)).toEqual([1]);
  const [goesOn, stands] = [messages.acknowledged.size, careful.acknowledged.size];
  await expect.poll(() => messages.acknowledged.size).toBeGreaterThan(goesOn + 30);
  expect(careful.acknowledged.size).toBe(stands);
  await brokers.brokers[1]!.restart();
  await expect.poll(() => careful.acknowledged.size).toBeGreaterThan(stands + 30);
  await Promise.all([messages.end(), careful.end()]);

  await expectStored(brokers, topic, messages.acknowledged);
  await expectStored(brokers, strict, careful.acknowledged);
});
