import { lookup } from 'node:dns';
import { setTimeout as wait } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KafkaAccess } from '../../infra/local/engines/engine.ts';
import { setKafkaUser } from '../../infra/local/engines/kafka-users.ts';
import { type ResolveName, createAddressGuard } from '../../lib/adapters/address-guard.ts';
import type { KafkaTarget } from '../../lib/core/kafka-target.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { listen, listenAdvertising, listenBefore } from './kafka-impostors.ts';
import {
  asAdministrator,
  attempt,
  countProduceRequests,
  createTopic,
  localRules,
  messageWith,
  overTls,
  readTopic,
  startSender,
  targetOf,
} from './kafka-topics.ts';
import { refusedAddresses, stageRanges } from './refused-addresses.ts';

const engines = useEngine('kafka');

describe('a failure is named after its cause', () => {
  const failureOf = async (changes: Partial<KafkaTarget>) => {
    const target = targetOf(engines().kafka, 'nobody.made', changes);
    const result = await attempt(startSender(), target);
    expect(JSON.stringify(result)).not.toContain(target.password);
    expect(result!.latencyMs).toBeLessThan(10_000);
    return result;
  };

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'a wrong password by %s',
    async (saslMechanism) => {
      expect(await failureOf({ saslMechanism, password: 'not it' })).toMatchObject({
        error: 'authentication',
      });
    },
  );

  test('a topic that is not there; nobody makes it', async () => {
    expect(await failureOf({})).toMatchObject({ error: 'unknown_topic' });
    expect(await asAdministrator(engines().kafka, (admin) => admin.listTopics())).not.toContain(
      'nobody.made',
    );
  });

  test('a port where nothing listens', async () => {
    expect(await failureOf({ brokers: ['127.0.0.1:9'] })).toMatchObject({ error: 'refused' });
  });

  test('a name that nobody knows', async () => {
    expect(await failureOf({ brokers: ['broker.invalid:9092'] })).toMatchObject({ error: 'dns' });
  });

  test('TLS to a listener that has none', async () => {
    expect(await failureOf({ tls: true })).toMatchObject({ error: 'tls' });
  });

  test('no TLS to a listener that wants it', async ({ skip }) => {
    const brokers = [overTls(engines(), skip).bootstrapServers];
    expect(await failureOf({ brokers })).toMatchObject({ error: 'tls' });
  });
});

describe('a certificate', () => {
  const toLoopback: ResolveName = (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  const attemptAt = async (host: string, tls: KafkaAccess, trusted: boolean) => {
    const port = tls.bootstrapServers.split(':')[1]!;
    const target = targetOf(tls, await createTopic(engines().kafka), { brokers: [`${host}:${port}`] });
    const certificateAuthorities = trusted ? [tls.certificateAuthority!] : [];
    return attempt(startSender({ certificateAuthorities, resolveName: toLoopback }), target);
  };

  test('of an authority that nobody trusts is refused', async ({ skip }) => {
    expect(await attemptAt('127.0.0.1', overTls(engines(), skip), false)).toMatchObject({ error: 'tls' });
  });

  test('must be for the name that the endpoint has', async ({ skip }) => {
    const tls = overTls(engines(), skip);
    expect(await attemptAt('localhost', tls, true)).toHaveProperty('acknowledged');
    expect(await attemptAt('broker.example.com', tls, true)).toMatchObject({ error: 'tls' });
  });
});

describe('a user', () => {
  // The broker knows users and rights a moment later.
  const tryWith = async (operations: readonly ('DESCRIBE' | 'WRITE')[]) => {
    const topic = await createTopic(engines().kafka);
    const username = `tenant${operations.map((name) => `-${name.toLowerCase()}`).join('')}`;
    await setKafkaUser(engines().kafka, username, 'secret');
    const acl = operations.map((operation) => ({
      resourceType: kafkajs.AclResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
      principal: `User:${username}`,
      host: '*',
      operation: kafkajs.AclOperationTypes[operation],
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
    }));
    if (acl.length > 0) await asAdministrator(engines().kafka, (admin) => admin.createAcls({ acl }));
    const saslMechanism = 'scram-sha-512';
    const target = targetOf(engines().kafka, topic, { username, password: 'secret', saslMechanism });
    const sender = startSender();
    const requests = countProduceRequests();
    return async () => {
      const result = await attempt(sender, target);
      return `${result?.error ?? 'acknowledged'} after ${requests.count > 0 ? 'writing' : 'asking'}`;
    };
  };

  test('who may not see the topic is refused', async () => {
    await expect.poll(await tryWith([])).toBe('authorization after asking');
  });

  test('who may see it but not write is refused', async () => {
    await expect.poll(await tryWith(['DESCRIBE'])).toBe('authorization after writing');
  });

  test('needs the right to write to the topic, and no other', async () => {
    await expect.poll(await tryWith(['WRITE'])).toBe('acknowledged after writing');
  });
});

describe('a topic’s limit', () => {
  test('refuses the message that is over it, and none of those beside it', async () => {
    const topic = await createTopic(engines().kafka, { config: { 'max.message.bytes': '10000' } });
    const target = targetOf(engines().kafka, topic);
    const sender = startSender();
    const sizes = Array.from({ length: 300 }, (_, n) => (n === 150 ? 20_000 : 200));

    const results = await Promise.all(
      sizes.map((size, n) =>
        attempt(sender, target, { message: messageWith({ key: `${n}`, value: `"${'x'.repeat(size)}"` }) }),
      ),
    );

    expect(results[150]).toMatchObject({ error: 'too_large' });
    expect(results.filter((result) => result?.acknowledged)).toHaveLength(299);
    const stored = await readTopic(engines().kafka, topic);
    expect(new Set(stored.map(({ key }) => key)).size).toBe(299);
    expect(stored).toHaveLength(299);
  });
});

describe('the guard', () => {
  const toPrivate: ResolveName = (_, __, callback) =>
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);

  test('lets no bootstrap server be private, as a name or as an address', async () => {
    const sender = startSender({ resolveName: toPrivate });
    for (const broker of [
      'broker.example.com:9092',
      '10.0.0.1:9092',
      '169.254.169.254:80',
      '::ffff:10.0.0.1:1',
    ])
      expect(await attempt(sender, targetOf(engines().kafka, 't', { brokers: [broker] }))).toMatchObject({
        error: 'address_not_allowed',
      });
  });

  test('lets no server be loopback but on the local stage', async () => {
    const sender = startSender({}, { ...localRules, allowLoopback: false });
    expect(await attempt(sender, targetOf(engines().kafka, 't'))).toMatchObject({
      error: 'address_not_allowed',
    });
  });

  let topic: string;
  beforeAll(async () => {
    topic = await createTopic(engines().kafka);
  });
  /** The first five are numbers that are read as 10.0.0.1. */
  const advertised = ['10.1', '012.0.0.1', '0x0a.0.0.1', '0x0a000001', '167772161', 'broker.example.com'];
  const rules = { ...localRules, deniedRanges: [...stageRanges, '127.6.0.0/16'] };
  const isOfLocalStage = (address: string) => createAddressGuard(rules).allows(address);

  test.each([
    ...advertised.map((host) => [host, 'private'] as const),
    ['127.6.0.1', 'loopback that is denied'] as const,
    ...refusedAddresses.filter(([address]) => !isOfLocalStage(address)),
  ])('lets the cluster advertise no broker at %s: %s', async (host) => {
    const { kafka } = engines();
    const resolveName: ResolveName = (name, options, callback) =>
      name === 'broker.example.com' ? toPrivate(name, options, callback) : lookup(name, options, callback);
    const brokers = [await listenAdvertising(kafka, host)];
    const result = await attempt(startSender({ resolveName }, rules), targetOf(kafka, topic, { brokers }));
    expect(result).toMatchObject({ error: 'address_not_allowed' });
  });

  test('lets the cluster advertise what is allowed, and nothing else was written', async () => {
    const { kafka } = engines();
    const resolveName: ResolveName = (_, __, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    const brokers = [await listenAdvertising(kafka, 'broker.example.com')];
    const result = await attempt(startSender({ resolveName }, rules), targetOf(kafka, topic, { brokers }));
    expect(result).not.toHaveProperty('error');
    expect(await readTopic(kafka, topic)).toHaveLength(1);
  });
});

describe('a broker that means harm ends its own connection only', () => {
  test.each([
    ['an answer of a negative size', [0xff, 0xff, 0xff, 0xfc, 0, 0, 0, 1]],
    ['an answer without room for its number', [0, 0, 0, 1, 0]],
    ['an answer of two gigabytes', [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]],
    ['an answer to what was not asked', [0, 0, 0, 4, 9, 9, 9, 9]],
    ['nonsense for an answer', [0, 0, 0, 8, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]],
  ])('%s', async (_, bytes) => {
    const broker = await listen((client) => void client.on('data', () => client.write(Buffer.from(bytes))));
    const target = targetOf(engines().kafka, 't', { brokers: [broker] });
    const result = await attempt(startSender(), target, { timeoutMs: 3_000 });
    expect(result).toMatchObject({ error: 'connection' });
  });

  test.each([
    ['that is no number', (answer: string) => answer.replace(/,i=4096/, ',i=none'), 'authentication'],
    [
      'that keeps us busy for long',
      (answer: string) => answer.replace(/...,i=4096/, ',i=9999999'),
      'authentication',
    ],
    ['without salt', (answer: string) => answer.replace(/,s=/, ',x='), 'connection'],
  ])('a challenge %s', async (_, change, error) => {
    const broker = await listenBefore(engines().kafka, change);
    const topic = await createTopic(engines().kafka);
    const before = process.cpuUsage();
    const target = targetOf(engines().kafka, topic, { brokers: [broker] });
    expect(await attempt(startSender(), target)).toMatchObject({ error });
    // As many rounds as the hostile one asks for take several seconds of a processor.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  test('one that takes the connection and says nothing costs the time-out, or the time for first attempts', async () => {
    const broker = await listen(() => {});
    const target = targetOf(engines().kafka, 't', { brokers: [broker] });
    const endByMs = Date.now() + 200;
    const patient = attempt(startSender(), target, { timeoutMs: 4_000 }).then(() => 'the patient one');
    const both = Promise.all([
      attempt(startSender(), target, { timeoutMs: 200 }),
      attempt(startSender(), target, { endByMs }),
    ]);
    const [late, cut] = (await Promise.race([both, patient])) as Awaited<typeof both>;
    expect(late).toMatchObject({ error: 'timeout' });
    expect(cut).toMatchObject({ error: 'aborted' });
  });

  test('one that says nothing costs whoever waits for it an attempt, not the first only', async () => {
    const target = targetOf(engines().kafka, 't', { brokers: [await listen(() => {})] });
    const sender = startSender();
    const beginByMs = Date.now() + 2_000;
    const first = attempt(sender, target, { timeoutMs: 500 });
    const second = await attempt(sender, target, { timeoutMs: 100, beginByMs });
    expect(second).toMatchObject({ error: 'timeout' });
    expect(await first).toMatchObject({ error: 'timeout' });
  });

  test('one that says nothing leaves time for the next, and all of them together get ten seconds', async () => {
    const silent = await listen(() => {});
    const topic = await createTopic(engines().kafka);
    const targetWith = (brokers: string[]) => targetOf(engines().kafka, topic, { brokers });
    const timeoutMs = 20_000;
    const passingOver = attempt(startSender(), targetWith([silent, engines().kafka.bootstrapServers]), {
      timeoutMs,
    });
    const givingUp = attempt(startSender(), targetWith(Array<string>(20).fill(silent)), { timeoutMs });
    expect(await passingOver).toHaveProperty('acknowledged');
    const late = wait(timeoutMs * 0.75, { error: 'later' }, { ref: false });
    expect(await Promise.race([givingUp, late])).toMatchObject({ error: 'timeout' });
  });
});

describe('where all sockets are in use', () => {
  test('an endpoint that gets none has not begun', async () => {
    const target = targetOf(engines().kafka, await createTopic(engines().kafka));
    const silent = { ...target, brokers: [await listen(() => {})] };
    const sender = startSender({ mostSockets: 1 });
    const hog = attempt(sender, silent, { endpoint: 'hog', timeoutMs: 1_000 });
    const beginByMs = Date.now() + 300;
    expect(await attempt(sender, target, { beginByMs, timeoutMs: 100 })).toBeUndefined();
    expect(await hog).toMatchObject({ error: 'timeout' });
  });

  test('an endpoint gets one when another has no more use for it', async () => {
    const target = targetOf(engines().kafka, await createTopic(engines().kafka));
    const sender = startSender({ mostSockets: 1 });
    const endpoints = Array.from({ length: 5 }, (_, n) => `ep_${n}`);
    const results = await Promise.all(endpoints.map((endpoint) => attempt(sender, target, { endpoint })));
    expect(results.filter((result) => result?.acknowledged)).toHaveLength(5);
  });
});

test('a message is made when it can be sent, once, and not when its time is over', async () => {
  const target = targetOf(engines().kafka, await createTopic(engines().kafka));
  const sender = startSender();
  let made = 0;
  const message = () => {
    made++;
    return messageWith();
  };
  const later = Date.now() + 20_000;
  const times = { beginByMs: later, endByMs: later };
  const silent = { ...target, brokers: [await listen(() => {})] };
  expect(await sender.attempt('other', silent, message, 100, times)).toMatchObject({ error: 'timeout' });
  expect(await sender.attempt('ep', target, message, 100, { ...times, beginByMs: 0 })).toBeUndefined();
  expect(made).toBe(0);
  expect(await sender.attempt('ep', target, message, 5_000, times)).toHaveProperty('acknowledged');
  expect(made).toBe(1);
});
