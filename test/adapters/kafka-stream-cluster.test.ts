import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLedTopic } from '../../infra/local/engines/kafka-client.ts';
import { type Engines, startEngines } from '../../infra/local/engines/engines.ts';
import { createKafkaStreamCluster } from '../../lib/adapters/kafka-stream-cluster.ts';
import { StreamClusterFault } from '../../lib/app/ports/stream-cluster.ts';
import { type ClusterView, operatorOf, viewCluster } from '../contracts/cluster-contents.ts';
import { streamClusterContract } from '../contracts/stream-cluster.ts';

let engines: Engines;
let view: ClusterView;

beforeAll(async () => {
  engines = await startEngines({ fast: true, say: () => {} });
  view = await viewCluster(engines.kafka);
});
afterAll(async () => {
  await view?.stop();
  await engines?.stop();
});

const roomy = { mostUsers: 1000, mostPartitions: 10_000 };
const create = (operator = operatorOf(engines.kafka), capacity = roomy) =>
  createKafkaStreamCluster(
    async () => operator,
    { bootstrapServers: engines.kafka.bootstrapServers, securityProtocol: 'SASL_PLAINTEXT' },
    capacity,
  );

streamClusterContract('Kafka', async (capacity) => ({
  cluster: create(operatorOf(engines.kafka), capacity),
  topics: async (prefix) => (await view.of(prefix.slice(0, -1))).topics,
  users: async (username) => (await view.of(username.slice(0, -2))).users,
}));

test('tells which topics are there, whoever made them, and makes none by asking', async () => {
  const cluster = create();
  await createLedTopic(view.admin, { topic: 'somebody.runs' });
  const asked = ['somebody.runs', 'somebody.ledger'];
  expect(await cluster.existingTopics(asked, 1)).toEqual(['somebody.runs']);
  expect(await cluster.existingTopics(asked.slice(1), 1)).toEqual([]);
  await expect(cluster.existingTopics(['somebody.runs', 'no topic'], 1)).rejects.toMatchObject({
    class: 'refused',
  });
  // Asked for as they are to be made: what the brokers would not make, they refuse now.
  await expect(cluster.existingTopics(['somebody.prices'], 0)).rejects.toMatchObject({ class: 'refused' });
});

describe('rights', () => {
  const rights = { topics: ['owner.runs'], groupPrefix: 'owner.' };
  const wanted = [
    'owner.a allow describe topic:owner.runs',
    'owner.a allow read group:owner.*',
    'owner.a allow read topic:owner.runs',
  ];

  // A broker tells of rights a moment after it has changed them.
  const aclsOfOwner = async () => (await view.of('owner')).acls;

  test('are what is wanted and nothing else, also after a repeat', async () => {
    const cluster = create();
    await cluster.ensureAcls('owner.a', rights);
    await expect.poll(aclsOfOwner).toEqual(wanted);
    await cluster.ensureAcls('owner.a', { topics: ['owner.runs', 'owner.ledger'], groupPrefix: 'owner' });
    await cluster.ensureAcls('owner.a', rights);
    await cluster.ensureAcls('owner.a', rights);
    await expect.poll(aclsOfOwner).toEqual(wanted);
  });

  test("are taken from one user, not from the org's other one, nor from anyone else", async () => {
    const cluster = create();
    await cluster.ensureAcls('owner.a', rights);
    await cluster.ensureAcls('owner.b', rights);
    await cluster.ensureAcls('owner.aa', rights);
    await cluster.removeAcls('owner.a');
    await cluster.removeAcls('owner.a');
    const owners = async () => [...new Set((await aclsOfOwner()).map((acl) => acl.split(' ')[0]))].sort();
    await expect.poll(owners).toEqual(['owner.aa', 'owner.b']);
  });
});

test('a user is let in with his last password alone, and not once he is removed', async () => {
  const cluster = create();
  const [first, second] = ['first-password', 'second-password'].map((password) => ({
    username: 'login.a',
    password,
  }));
  expect(await cluster.letsIn(first!)).toBe(false);
  await cluster.ensureUser(first!);
  expect(await cluster.letsIn(first!)).toBe(true);
  await cluster.ensureUser(second!);
  expect(await cluster.letsIn(second!)).toBe(true);
  expect(await cluster.letsIn(first!)).toBe(false);
  await cluster.removeUser('login.a');
  await expect.poll(() => cluster.letsIn(second!), { timeout: 10_000 }).toBe(false);
});

test('a bootstrap server that is away does not keep a user out', async () => {
  const operator = operatorOf(engines.kafka);
  const cluster = create({ ...operator, bootstrapServers: ['127.0.0.1:1', ...operator.bootstrapServers] });
  const user = { username: 'away.a', password: 'a-password' };
  expect(await cluster.letsIn(user)).toBe(false);
  await cluster.ensureUser(user);
  expect(await cluster.letsIn(user)).toBe(true);
});

test("the operator's password may change: it is read again once it is refused", async () => {
  const operator = operatorOf(engines.kafka);
  const passwords = ['a former one'];
  const cluster = createKafkaStreamCluster(
    async () => ({
      ...operator,
      sasl: { ...operator.sasl, password: passwords.pop() ?? operator.sasl.password },
    }),
    { bootstrapServers: engines.kafka.bootstrapServers, securityProtocol: 'SASL_PLAINTEXT' },
    roomy,
  );
  await expect(cluster.removeAcls('nobody.a')).rejects.toMatchObject({ class: 'not_permitted' });
  await cluster.removeAcls('nobody.a');
});

describe('a fault is of a class', () => {
  const faultOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => (error instanceof StreamClusterFault ? error.class : error),
    );

  test('nobody there', async () => {
    const cluster = create({ ...operatorOf(engines.kafka), bootstrapServers: ['127.0.0.1:1'] });
    expect(await faultOf(cluster.ensureTopics(['fault.runs'], 1))).toBe('unreachable');
    expect(await faultOf(cluster.letsIn({ username: 'fault.a', password: 'p' }))).toBe('unreachable');
  });

  test('a wrong password, and an operator who is none', async () => {
    const operator = operatorOf(engines.kafka);
    const wrong = create({ ...operator, sasl: { ...operator.sasl, password: 'wrong' } });
    expect(await faultOf(wrong.removeAcls('fault.a'))).toBe('not_permitted');
    await create().ensureUser({ username: 'fault.a', password: 'a-password' });
    const user = { mechanism: 'SCRAM-SHA-512' as const, username: 'fault.a', password: 'a-password' };
    expect(await create().letsIn(user)).toBe(true);
    const powerless = create({ ...operator, sasl: user });
    for (const call of [
      () => powerless.ensureTopics(['fault.runs'], 1),
      () => powerless.ensureUser(user),
      () => powerless.ensureAcls('fault.a', { topics: ['fault.runs'], groupPrefix: 'fault.' }),
    ])
      expect(await faultOf(call())).toBe('not_permitted');
  });

  test('what the brokers never take', async () => {
    expect(await faultOf(create().ensureTopics(['no topic'], 1))).toBe('refused');
  });

  test('none where the connection was lost between two calls', async () => {
    const cluster = create();
    await cluster.removeAcls('nobody.a');
    const [kafka] = engines.processes.filter(({ name }) => name === 'kafka');
    await kafka!.restart();
    await cluster.removeAcls('nobody.a');
  });
});
