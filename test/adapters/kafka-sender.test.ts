import { connectionsConnectsChannel } from '@platformatic/kafka';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createKafkaSender } from '../../lib/adapters/kafka-sender.ts';
import { kafkaMessage } from '../../lib/core/kafka-message.ts';
import { partitionOfKey } from '../../lib/core/murmur2.ts';
import { saslMechanisms } from '../../lib/core/kafka-target.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { listenFarFrom } from './kafka-impostors.ts';
import {
  asAdministrator,
  attempt,
  countProduceRequests,
  countRequests,
  createTopic,
  localRules,
  makeTopic,
  messageWith,
  overTls,
  readTopic,
  startSender,
  targetOf,
} from './kafka-topics.ts';

const engines = useEngine('kafka');

const orders = {
  id: 'evt_123',
  eventType: 'orders',
  timeMs: 1704067200_250,
  data: '{"order_id": "123", "status": "created"}',
  headers: { source: 'checkout-service' },
};

describe('a message arrives as the reference describes it', () => {
  const expected = {
    key: 'evt_123',
    value: orders.data,
    headers: {
      'content-type': 'application/json',
      'event-id': 'evt_123',
      topic: 'orders',
      timestamp: '1704067200',
      source: 'checkout-service',
    },
  };

  test.each(saslMechanisms)('by %s', async (saslMechanism) => {
    const topic = await createTopic(engines().kafka);
    const target = targetOf(engines().kafka, topic, { saslMechanism });

    const result = await attempt(startSender(), target, { message: kafkaMessage(orders, 'evt_123') });

    expect(result).toMatchObject({ acknowledged: { partition: 0, offset: '0' } });
    expect(await readTopic(engines().kafka, topic)).toEqual([{ partition: 0, offset: '0', ...expected }]);
  });

  test.for(saslMechanisms)('over TLS by %s', async (saslMechanism, { skip }) => {
    const tls = overTls(engines(), skip);
    const topic = await createTopic(engines().kafka);
    const target = targetOf(tls, topic, { saslMechanism });
    const sender = startSender({ certificateAuthorities: [tls.certificateAuthority!] });

    const result = await attempt(sender, target, { message: kafkaMessage(orders, 'evt_123') });

    expect(result).toMatchObject({ acknowledged: { partition: 0, offset: '0' } });
    expect(await readTopic(engines().kafka, topic)).toEqual([{ partition: 0, offset: '0', ...expected }]);
  });
});

test('a key picks the partition as in Kafka’s own clients, and an offset is that of its message', async () => {
  const topic = await createTopic(engines().kafka, { partitions: 5 });
  const target = targetOf(engines().kafka, topic);
  const sender = startSender();
  const keys = Array.from({ length: 100 }, (_, n) => `customer-${n}`);

  const results = await Promise.all(
    keys.map((key) => attempt(sender, target, { message: messageWith({ key, value: `"${key}"` }) })),
  );

  const stored = new Map((await readTopic(engines().kafka, topic)).map((record) => [record.key, record]));
  expect(new Set([...stored.values()].map(({ partition }) => partition)).size).toBe(5);
  keys.forEach((key, at) => {
    const { partition, offset, value } = stored.get(key)!;
    expect(partition).toBe(partitionOfKey(Buffer.from(key), 5));
    expect(value).toBe(`"${key}"`);
    expect(results[at]).toMatchObject({ acknowledged: { partition, offset } });
  });
});

test('messages that come together go in few requests', async () => {
  const topic = await createTopic(engines().kafka, { partitions: 3 });
  const target = targetOf(engines().kafka, topic);
  const sender = startSender();
  const requests = countProduceRequests();

  const results = await Promise.all(
    Array.from({ length: 5_000 }, (_, n) =>
      attempt(sender, target, { message: messageWith({ key: `${n}` }) }),
    ),
  );

  expect(results.every((result) => result?.acknowledged)).toBe(true);
  expect(requests.count).toBeLessThanOrEqual(10);
});

test('two hundred endpoints on one broker are all served, each over its own connection', async () => {
  const topic = await createTopic(engines().kafka);
  const target = targetOf(engines().kafka, topic);
  const sender = startSender();
  const endpoints = Array.from({ length: 220 }, (_, n) => `ep_${n}`);

  for (let round = 0; round < 2; round++) {
    const results = await Promise.all(endpoints.map((endpoint) => attempt(sender, target, { endpoint })));
    expect(results.filter((result) => result?.acknowledged)).toHaveLength(220);
  }
  // The idle ones have made room.
  await expect.poll(openSockets).toBe(200);
});

test('connections that nobody needs for a while are closed', async () => {
  const target = targetOf(engines().kafka, await createTopic(engines().kafka));
  const sender = startSender({ idleMs: 500 });
  await expect.poll(openSockets).toBe(0);

  await Promise.all([attempt(sender, target), attempt(sender, target, { endpoint: 'other' })]);
  expect(openSockets()).toBe(2);

  await expect.poll(openSockets).toBe(0);
  expect(await attempt(sender, target)).toHaveProperty('acknowledged');
});

test('connections that were idle while the process was frozen are not trusted', async () => {
  const target = targetOf(engines().kafka, await createTopic(engines().kafka));
  let frozenMs = 0;
  const sender = createKafkaSender(localRules, () => Date.now() + frozenMs);
  onTestFinished(() => sender.close());
  const connections = countRequests(connectionsConnectsChannel);

  await attempt(sender, target);
  await attempt(sender, target);
  expect(connections.count).toBe(1);

  frozenMs = 61_000;
  const later = Date.now() + 2 * frozenMs;
  expect(await attempt(sender, target, { beginByMs: later, endByMs: later })).toHaveProperty('acknowledged');
  expect(connections.count).toBe(2);
});

test('new credentials count at once, and nothing goes over the connection of the old ones', async () => {
  const topic = await createTopic(engines().kafka);
  const target = targetOf(engines().kafka, topic);
  const wrong = { ...target, password: 'not it', credentialsVersion: '2' };
  const sender = startSender();

  expect(await attempt(sender, target)).toHaveProperty('acknowledged');
  const [before, after] = await Promise.all([attempt(sender, target), attempt(sender, wrong)]);
  expect(before).toHaveProperty('acknowledged');
  expect(after).toMatchObject({ error: 'authentication' });
  const right = { ...target, credentialsVersion: '3' };
  expect(await attempt(sender, right)).toHaveProperty('acknowledged');
});

test('another topic or cluster of the endpoint counts at once', async () => {
  const [first, second] = [await createTopic(engines().kafka), await createTopic(engines().kafka)];
  const sender = startSender();

  await attempt(sender, targetOf(engines().kafka, first));
  expect(await attempt(sender, targetOf(engines().kafka, second))).toMatchObject({
    acknowledged: { offset: '0' },
  });
  const elsewhere = targetOf(engines().kafka, second, { brokers: ['127.0.0.1:9'] });
  expect(await attempt(sender, elsewhere)).toMatchObject({ error: 'refused' });
});

test('a topic that is deleted is unknown, and counts at once when it is made anew with fewer partitions', async () => {
  const topic = await createTopic(engines().kafka, { partitions: 3 });
  const target = targetOf(engines().kafka, topic);
  const sender = startSender();
  const keys = Array.from({ length: 30 }, (_, n) => `${n}`);
  const sendAll = async () => {
    const sending = keys.map((key) => attempt(sender, target, { message: messageWith({ key }) }));
    return new Set((await Promise.all(sending)).map((one) => one?.error ?? 'acknowledged'));
  };
  expect(await sendAll()).toEqual(new Set(['acknowledged']));

  await asAdministrator(engines().kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
  await expect.poll(sendAll).toEqual(new Set(['unknown_topic']));
  await makeTopic(engines().kafka, { topic, numPartitions: 1 });

  expect(await sendAll()).toEqual(new Set(['acknowledged']));
  expect(await readTopic(engines().kafka, topic)).toHaveLength(30);
});

test('an attempt that is cut short leaves the connection that it began to the next: far brokers take longer than first attempts get', async () => {
  const topic = await createTopic(engines().kafka);
  const brokers = [await listenFarFrom(engines().kafka, 300)];
  const target = targetOf(engines().kafka, topic, { brokers });
  const sender = startSender();
  const connects = countRequests(connectionsConnectsChannel);

  const cut = await attempt(sender, target, { endByMs: Date.now() + 500 });
  expect(cut).toMatchObject({ error: 'aborted' });
  expect(connects.count).toBe(1);
  expect(await attempt(sender, target)).toHaveProperty('acknowledged');
  // The second is to the broker itself, at the address that it gives.
  expect(connects.count).toBe(2);
});

test('of several brokers, one that answers is enough', async () => {
  const topic = await createTopic(engines().kafka);
  const brokers = ['127.0.0.1:9', engines().kafka.bootstrapServers];
  const target = targetOf(engines().kafka, topic, { brokers });
  expect(await attempt(startSender(), target)).toHaveProperty('acknowledged');
});

test('a sender that is closed has sent what it was given', async () => {
  const topic = await createTopic(engines().kafka);
  const sender = startSender();
  const sent = attempt(sender, targetOf(engines().kafka, topic));
  await attempt(sender, targetOf(engines().kafka, topic));
  await sender.close();
  expect(await sent).toHaveProperty('acknowledged');
});

/** The TCP connections that this process has opened. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}
