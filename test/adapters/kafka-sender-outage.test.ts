import { randomUUID } from 'node:crypto';
import { connectionsConnectsChannel } from '@platformatic/kafka';
import { afterEach, describe, expect, test, type TestContext, vi } from 'vitest';
import { setKafkaUser } from '../../infra/local/engines/kafka-users.ts';
import { freeze } from '../freeze.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import {
  attempt,
  countMetadataRequests,
  countProduceRequests,
  countRequests,
  createTopic,
  messageWith,
  readTopic,
  startSender,
  targetOf,
} from './kafka-topics.ts';

const engines = useEngine('kafka');
afterEach(() => {
  vi.useRealTimers();
});

// Only a broker that runs as a process of ours can be killed or frozen.
describe('a broker', { timeout: 90_000 }, () => {
  /** The broker's process, a topic on it as a target, and a sender. */
  async function prepare(skip: TestContext['skip'], options?: Parameters<typeof createTopic>[1]) {
    const kafka = engines().processes.find(({ name }) => name === 'kafka');
    if (!kafka) return skip('Kafka is not a process of ours');
    const topic = await createTopic(engines().kafka, options);
    return { kafka, topic, target: targetOf(engines().kafka, topic), sender: startSender() };
  }

  test('that is killed amid messages and comes back has all that was said to be delivered', async ({
    skip,
  }) => {
    const { kafka, topic, target, sender } = await prepare(skip, { partitions: 3 });
    const ids = Array.from({ length: 3_000 }, () => randomUUID());
    const delivered = new Set<string>();
    const errors = new Set<string>();
    const isBack = Promise.withResolvers<void>();
    /** As a schedule would: a message that is not delivered comes again. */
    const deliver = async (id: string): Promise<void> => {
      const result = await attempt(sender, target, { message: messageWith({ key: id, value: `"${id}"` }) });
      if (result?.acknowledged) return void delivered.add(id);
      errors.add(result?.error ?? 'not begun');
      await isBack.promise;
      return deliver(id);
    };

    const first = ids.slice(0, 1_500).map(deliver);
    await expect.poll(() => delivered.size, { interval: 1 }).toBeGreaterThan(0);
    const second = ids.slice(1_500).map(deliver);
    await kafka.kill();
    await expect.poll(() => errors.size).toBeGreaterThan(0);
    expect(delivered.size).toBeLessThan(3_000);
    await kafka.restart();
    const stored = new Set((await readTopic(engines().kafka, topic)).map(({ key }) => key));
    expect([...delivered].filter((id) => !stored.has(id))).toEqual([]);

    isBack.resolve();
    await Promise.all([...first, ...second]);
    const all = new Set((await readTopic(engines().kafka, topic)).map(({ key }) => key));
    expect(ids.filter((id) => !all.has(id))).toEqual([]);
  });

  test('that was restarted while the connection was idle costs no attempt', async ({ skip }) => {
    const { kafka, target, sender } = await prepare(skip);
    expect(await attempt(sender, target)).toHaveProperty('acknowledged');

    await kafka.kill();
    await kafka.restart();

    expect(await attempt(sender, target)).toMatchObject({ acknowledged: { partition: 0 } });
  });

  test('that freezes costs what is under way its time, and what waits behind it does not begin', async ({
    skip,
  }) => {
    const { kafka, target, sender } = await prepare(skip);
    await attempt(sender, target);

    const requests = countProduceRequests();
    await freeze(kafka.pid);
    try {
      const first = attempt(sender, target, { timeoutMs: 8_000 });
      await expect.poll(() => requests.count).toBe(1);
      expect(await attempt(sender, target, { beginByMs: Date.now() + 200 })).toBeUndefined();
      const impatient = { endpoint: 'other', patienceMs: 100 };
      expect(await attempt(sender, target, impatient)).toMatchObject({ error: 'aborted' });
      expect(await first).toMatchObject({ error: 'timeout' });
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }
    expect(await attempt(sender, target)).toHaveProperty('acknowledged');
  });

  test('that is slow to acknowledge is not asked for its leaders over the same connection', async ({
    skip,
  }) => {
    const { kafka, topic, target, sender } = await prepare(skip);
    await attempt(sender, target);

    const produced = countProduceRequests();
    const [asked, connected] = [countMetadataRequests(), countRequests(connectionsConnectsChannel)];
    await freeze(kafka.pid);
    let both;
    try {
      const first = attempt(sender, target);
      await expect.poll(() => produced.count).toBe(1);
      // What is known of the leaders is too old by now.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * 60_000 });
      both = [first, attempt(sender, target)];
      await expect.poll(() => connected.count).toBe(1);
      expect(asked.count).toBe(0);
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }
    for (const one of both) expect(await one).toHaveProperty('acknowledged');
    expect(await readTopic(engines().kafka, topic)).toHaveLength(3);
    expect(asked.count).toBe(1);
  });

  test('that has messages under way when credentials change gets each of them by its own', async ({
    skip,
  }) => {
    const { kafka, topic, target, sender } = await prepare(skip);
    const [username, password] = ['stranger', 'password-of-the-stranger'];
    await setKafkaUser(engines().kafka, username, password);
    const saslMechanism = 'scram-sha-512' as const;
    const allowed = { ...target, saslMechanism };
    const refused = { ...allowed, username, password, credentialsVersion: '2' };
    const again = { ...allowed, credentialsVersion: '3' };
    // A user is known a moment later.
    const other = startSender();
    await expect.poll(() => attempt(other, refused)).toMatchObject({ error: 'authorization' });
    await attempt(sender, allowed);

    const endsOf = async (attempts: ReturnType<typeof attempt>[]) =>
      (await Promise.all(attempts)).map((one) => one?.error ?? (one?.acknowledged ? 'written' : 'not begun'));
    const many = (target: typeof allowed) => Array.from({ length: 20 }, () => attempt(sender, target));
    const produced = countProduceRequests();
    await freeze(kafka.pid);
    let started;
    try {
      const before = many(allowed);
      await expect.poll(() => produced.count).toBe(1);
      started = [before, many(allowed), many(refused), many(again)];
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }

    const [before, behind, changed, changedBack] = await Promise.all(started.map(endsOf));
    expect(new Set([...before!, ...behind!])).toEqual(new Set(['written']));
    expect(new Set(changed)).toEqual(new Set(['authorization']));
    expect(new Set(changedBack)).toEqual(new Set(['written']));
    expect(await readTopic(engines().kafka, topic)).toHaveLength(61);
  });
});
