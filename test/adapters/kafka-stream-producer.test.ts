import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connectionsConnectsChannel } from '@platformatic/kafka';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createKafkaStreamProducer } from '../../lib/adapters/kafka-stream-producer.ts';
import { type StreamRecord, StreamMissing } from '../../lib/app/ports/stream-producer.ts';
import { operatorOf } from '../contracts/cluster-contents.ts';
import { freeze } from '../freeze.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { countProduceRequests, countRequests, createTopic, makeTopic, readTopic } from './kafka-topics.ts';

const engines = useEngine('kafka');

/** A producer that is closed with its test. What it is asked ends after so long. */
function startProducer(timeoutMs = 10_000, bootstrapServers?: string[]) {
  const operator = operatorOf(engines().kafka);
  const access = { ...operator, bootstrapServers: bootstrapServers ?? operator.bootstrapServers };
  const producer = createKafkaStreamProducer(async () => access);
  onTestFinished(() => producer.close());
  return {
    expectTopics: (topics: string[]) => producer.expectTopics(topics, Date.now() + timeoutMs),
    send: (topic: string, records: readonly StreamRecord[]) =>
      producer.send(topic, records, Date.now() + timeoutMs),
  };
}

const record = (key: string, value: string): StreamRecord => ({
  key,
  value,
  headers: { 'event-id': value, 'event-type': 'ü' },
});
/** Of 20 keys, so many of each. */
const recordsOf = (count: number) => Array.from({ length: count }, (_, n) => record(`key-${n % 20}`, `${n}`));

test('records stand where the answer says, as they were given, in order of each key', async () => {
  const topic = await createTopic(engines().kafka, { partitions: 3 });
  const records = recordsOf(500);
  const places = await startProducer().send(topic, records);
  const stored = await readTopic(engines().kafka, topic);
  const at = new Map(stored.map((one) => [`${one.partition}/${one.offset}`, one]));
  expect(stored).toHaveLength(500);
  expect(new Set(stored.map(({ partition }) => partition)).size).toBe(3);
  records.forEach((given, n) =>
    expect(at.get(`${places[n]!.partition}/${places[n]!.offset}`)).toMatchObject(given),
  );
  const orders = Map.groupBy(stored, ({ key }) => key);
  for (const [, ofKey] of orders) {
    const values = ofKey.map(({ value }) => Number(value));
    expect(values).toEqual(values.toSorted((one, other) => one - other));
  }
});

test('a call makes one request, over a connection that stays open for the next one, to whichever topic; another asks for leaders', async () => {
  const [one, other] = [await createTopic(engines().kafka), await createTopic(engines().kafka)];
  const producer = startProducer();
  const connects = countRequests(connectionsConnectsChannel);
  const produces = countProduceRequests();
  await producer.send(one, recordsOf(500));
  expect([produces.count, connects.count]).toEqual([1, 2]);
  await producer.send(other, recordsOf(500));
  await producer.send(one, recordsOf(1));
  expect([produces.count, connects.count]).toEqual([3, 2]);
});

test('calls at once keep apart, each with its own places', async () => {
  const topic = await createTopic(engines().kafka);
  const producer = startProducer();
  const calls = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      producer.send(
        topic,
        [0, 1, 2].map((at) => record('k', `${n}-${at}`)),
      ),
    ),
  );
  const stored = await readTopic(engines().kafka, topic);
  calls.forEach((places, n) => {
    expect(places.map(({ offset }) => stored[Number(offset)]!.value)).toEqual(
      [0, 1, 2].map((at) => `${n}-${at}`),
    );
  });
});

test('what is larger together than the topic takes at once arrives all the same', async () => {
  const topic = await createTopic(engines().kafka);
  const records = [0, 1, 2, 3, 4, 5].map((n) => record(`${n}`, randomBytes(180_000).toString('base64')));
  await startProducer().send(topic, records);
  const stored = await readTopic(engines().kafka, topic);
  expect(stored.map(({ value }) => value)).toEqual(records.map(({ value }) => value));
});

test('a topic that is not there is said to be missing, and is not made', async () => {
  const producer = startProducer();
  await expect(producer.send('nobody.runs', recordsOf(1))).rejects.toThrow(StreamMissing);
  await expect(producer.send('nobody.runs', recordsOf(1))).rejects.toThrow(StreamMissing);
});

test('a topic that is made a moment later is waited for, whether it is looked for or written to', async () => {
  const names = [`acme.${randomUUID()}`, `acme.${randomUUID()}`] as const;
  const producer = startProducer();
  const [looking, sending] = [producer.expectTopics([names[0]]), producer.send(names[1], recordsOf(1))];
  await wait(200);
  await Promise.all(names.map((topic) => makeTopic(engines().kafka, { topic, numPartitions: 1 })));
  await looking;
  expect(await sending).toHaveLength(1);
});

test('a bootstrap server that is away costs nothing but its turn', async () => {
  const topic = await createTopic(engines().kafka);
  const producer = startProducer(10_000, ['127.0.0.1:9', ...operatorOf(engines().kafka).bootstrapServers]);
  expect(await producer.send(topic, recordsOf(1))).toEqual([{ partition: 0, offset: '0' }]);
});

test('nothing is sent after the end', async () => {
  const topic = await createTopic(engines().kafka);
  await startProducer().send(topic, recordsOf(1));
  const late = startProducer(-1);
  await expect(late.send(topic, recordsOf(1))).rejects.toThrow('no acknowledgement');
  await startProducer().send(topic, recordsOf(1));
  expect(await readTopic(engines().kafka, topic)).toHaveLength(2);
});

test('topics that nobody tells of are looked for until the end, and left to the send', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const isOver = (timeoutMs: number) =>
    startProducer(timeoutMs, [`127.0.0.1:${port}`])
      .expectTopics(['acme.runs'])
      .then(() => timeoutMs);
  expect(await Promise.race([isOver(4_000), isOver(300)])).toBe(300);
});

// Only a broker that runs as a process of ours can be killed or frozen.
describe('a broker', { timeout: 90_000 }, () => {
  const broker = () => engines().processes.find(({ name }) => name === 'kafka');

  test('that was restarted while the connection was idle costs no failure', async ({ skip }) => {
    const kafka = broker() ?? skip('Kafka is not a process of ours');
    const topic = await createTopic(engines().kafka);
    const producer = startProducer();
    await producer.send(topic, recordsOf(1));
    await kafka.kill();
    await kafka.restart();
    expect(await producer.send(topic, recordsOf(1))).toEqual([{ partition: 0, offset: '1' }]);
  });

  test('that is away for less than the time-out costs a wait, for longer a failure, and then none', async ({
    skip,
  }) => {
    const kafka = broker() ?? skip('Kafka is not a process of ours');
    const topic = await createTopic(engines().kafka);
    const [patient, hasty] = [startProducer(60_000), startProducer(500)];
    await Promise.all([patient.send(topic, recordsOf(1)), hasty.send(topic, recordsOf(1))]);
    await kafka.kill();
    const waiting = patient.send(topic, recordsOf(10));
    await expect(hasty.send(topic, recordsOf(10))).rejects.toThrow('no acknowledgement in time');
    await kafka.restart();
    expect(await waiting).toHaveLength(10);
    expect(await hasty.send(topic, recordsOf(10))).toHaveLength(10);
    expect(await readTopic(engines().kafka, topic)).toHaveLength(22);
  });

  test('that freezes costs a failure within the time-out, and nothing once it goes on', async ({ skip }) => {
    const kafka = broker() ?? skip('Kafka is not a process of ours');
    const topic = await createTopic(engines().kafka);
    const producer = startProducer(1_000);
    await producer.send(topic, recordsOf(1));
    await freeze(kafka.pid);
    try {
      await expect(producer.send(topic, recordsOf(1))).rejects.toThrow('no acknowledgement');
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }
    await expect.poll(() => producer.send(topic, recordsOf(1)).catch(() => undefined)).toHaveLength(1);
  });
});
