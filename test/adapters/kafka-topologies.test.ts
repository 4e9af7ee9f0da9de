import { Kafka } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import { createBrokerPool } from '../../lib/adapters/kafka-broker-pool.ts';
import { createTopologies } from '../../lib/adapters/kafka-topologies.ts';
import { operatorOf } from '../contracts/cluster-contents.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { createTopic } from './kafka-topics.ts';

const engines = useEngine('kafka');

test('partitions that a topic has got are known half a minute later, and nobody waits for them', async () => {
  const topic = await createTopic(engines().kafka);
  let nowMs = 0;
  const pool = createBrokerPool(async () => operatorOf(engines().kafka), Date.now);
  const topologies = createTopologies(pool, () => nowMs);
  const admin = new Kafka(kafkaClientOptions(engines().kafka)).admin();
  await admin.connect();
  onTestFinished(async () => {
    pool.close();
    await admin.disconnect();
  });
  const partitionsOf = async () => (await topologies.of(topic)).partitions;
  expect(await partitionsOf()).toBe(1);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  nowMs = 29_999;
  expect(await partitionsOf()).toBe(1);
  nowMs = 30_000;
  expect(await partitionsOf()).toBe(1);
  // The broker tells of them a moment after it has made them.
  await expect
    .poll(() => {
      nowMs += 30_000;
      return partitionsOf();
    })
    .toBe(3);
});
