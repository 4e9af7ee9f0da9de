import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLedTopic } from '../../infra/local/engines/kafka-client.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createKafkaStreamCluster } from '../../lib/adapters/kafka-stream-cluster.ts';
import type { StreamCluster } from '../../lib/app/ports/stream-cluster.ts';
import { extendStream } from '../../lib/app/stream-jobs.ts';
import { usernamesOf } from '../../lib/core/stream.ts';
import { expectedContents, nothing, operatorOf } from '../contracts/cluster-contents.ts';
import {
  type OrgOptions,
  type Provisioning,
  roomy,
  type StartedOrg,
  startProvisioning,
} from './provisioning.ts';

let provisioning: Provisioning;

beforeAll(async () => {
  provisioning = await startProvisioning();
});
afterAll(() => provisioning?.stop());

const startOrg = (options?: OrgOptions) => provisioning.startOrg(options);
const view = { of: (org: string) => provisioning.view.of(org) };

/** What a stream without mapping has on the cluster. */
const wholeOf = async ({ org, read }: StartedOrg) => expectedContents(org, usernamesOf((await read())!));

/** The cluster of an org, as it is while no broker answers. */
async function away({ dependencies }: StartedOrg): Promise<StreamCluster> {
  const operator = { ...operatorOf(provisioning.storage.kafka), bootstrapServers: ['127.0.0.1:1'] };
  return createKafkaStreamCluster(async () => operator, await dependencies.cluster.connection(), roomy);
}

test('a failing step is told with its class, and forgotten once it works', async () => {
  const org = await startOrg();
  await org.put();
  await expect(org.run({ cluster: await away(org) })).rejects.toMatchObject({ class: 'unreachable' });
  const { state, error } = (await org.read())!;
  expect(state).toBe('provisioning');
  expect(error).toMatchObject({ class: 'unreachable', step: 'capacity' });
  expect(JSON.stringify(error)).not.toContain('127.0.0.1');
  await org.settle();
  expect(await org.read()).toMatchObject({ state: 'ready' });
  expect((await org.read())!.error).toBeUndefined();
});

test('a stream that there is no room for is refused with the reason, and made when it is asked for again', async () => {
  const org = await startOrg();
  await org.put();
  const full = createKafkaStreamCluster(
    async () => operatorOf(provisioning.storage.kafka),
    await org.dependencies.cluster.connection(),
    { ...roomy, mostUsers: 1 },
  );
  expect(await org.run({ cluster: full })).toMatchObject({ state: 'failed', isClusterFull: true });
  expect((await org.read())!.error).toMatchObject({
    class: 'capacity',
    message: expect.stringMatching(/no room for more users: \d+ of 1 are used/) as string,
  });
  await expect.poll(() => view.of(org.org)).toEqual(nothing);
  expect(await org.run({ cluster: full })).toBeUndefined();
  await org.put();
  await org.settle();
  await expect.poll(() => view.of(org.org)).toEqual(await wholeOf(org));
  const { username } = (await org.read())!.user;
  await org.rotate(60);
  expect(await org.run({ cluster: full })).toMatchObject({ state: 'ready' });
  const { user, next, error } = (await org.read())!;
  expect({ user: user.username, next, error: error?.class }).toEqual({
    user: username,
    next: undefined,
    error: 'capacity',
  });
  await org.settle();
  expect(await org.read()).toMatchObject({ state: 'ready', error: { class: 'capacity' } });
});

test('a mapping whose topics there is no room for takes nothing from the stream, which says so', async () => {
  const org = await startOrg();
  const { dependencies } = org;
  await org.put();
  await org.settle();
  const partitions = await org.partitionsOfCluster();
  const withRoomFor = async (more: number) => {
    const capacity = { ...roomy, mostPartitions: partitions + more };
    const { bootstrapServers } = provisioning.storage.kafka;
    const connection = { bootstrapServers, securityProtocol: 'SASL_PLAINTEXT' as const };
    return {
      cluster: createKafkaStreamCluster(
        async () => operatorOf(provisioning.storage.kafka),
        connection,
        capacity,
      ),
    };
  };
  const map = async (mapping: string, topics: string[]) => {
    await org.map(mapping);
    await extendStream(dependencies, org.org, topics);
  };

  await map('*:one', ['one']);
  expect(await org.run(await withRoomFor(1))).toMatchObject({ state: 'ready' });
  expect((await org.read())!.error).toBeUndefined();
  await map('COMMITTED_TRANSACTIONS:one *:two', ['one', 'two']);
  expect(await org.run(await withRoomFor(1))).toMatchObject({ state: 'ready', isClusterFull: true });
  const made = ['runs', 'ledger', 'notifications', 'prices', 'one'];
  expect(await org.read()).toMatchObject({
    state: 'ready',
    topics: made,
    error: { class: 'capacity', step: 'topic-mapping' },
  });
  await expect
    .poll(async () => (await view.of(org.org)).topics)
    .toEqual(made.map((topic) => `${org.org}.${topic}`).sort());

  // Rotations, repairs and the end of an overlap go on beside it.
  const { next } = (await org.rotate(60)) as { next: { username: string; password: string } };
  expect(await org.run(await withRoomFor(1))).toMatchObject({ state: 'ready' });
  expect(await dependencies.cluster.letsIn(next)).toBe(true);
  org.advance(61_000);
  expect(await org.run(await withRoomFor(1))).toMatchObject({ state: 'ready' });
  expect(await org.read()).toMatchObject({ topics: made, error: { step: 'topic-mapping' } });

  // Another mapping does not lack it; and once there is room, the first one does not either.
  await map('*:one', ['one']);
  expect((await org.read())!.error).toBeUndefined();
  await map('COMMITTED_TRANSACTIONS:one *:two', ['one', 'two']);
  await org.settle();
  expect(await org.read()).toMatchObject({ state: 'ready', topics: [...made, 'two'] });
  expect((await org.read())!.error).toBeUndefined();
  await expect.poll(async () => (await view.of(org.org)).topics).toContain(`${org.org}.two`);
});

test('a mapping that would take more partitions than an org may have is refused, however it comes', async () => {
  const org = await startOrg();
  await org.map('COMMITTED_TRANSACTIONS:one *:two');
  await org.put({ partitions: 20 });
  expect(await org.run()).toMatchObject({ isClusterFull: false });
  await org.settle();
  expect(await org.read()).toMatchObject({
    state: 'ready',
    topics: ['runs', 'ledger', 'notifications', 'prices'],
    error: {
      class: 'capacity',
      step: 'topic-mapping',
      message: expect.stringContaining('have 100 partitions at most, and 80 are used') as string,
    },
  });
  await expect(org.putMapping('COMMITTED_TRANSACTIONS:one *:two')).rejects.toMatchObject({
    kind: 'conflict',
    errors: [
      {
        path: 'mapping',
        message: 'makes 2 topics of 20 partitions; an org has 100 partitions at most, of which 80 are used',
      },
    ],
  });
  await org.putMapping('*:one');
  await org.settle();
  expect((await org.read())!.error).toBeUndefined();
  await expect.poll(async () => (await view.of(org.org)).topics).toHaveLength(5);
});

test('why a mapping was refused stays told when the end of an overlap fails, and when it works again', async () => {
  const org = await startOrg();
  await org.map('COMMITTED_TRANSACTIONS:one *:two');
  await org.put({ partitions: 20 });
  await org.settle();
  await org.rotate(60);
  await org.run();
  const refusal = { class: 'capacity', step: 'topic-mapping' };
  expect(await org.read()).toMatchObject({ state: 'ready', error: refusal });
  org.advance(61_000);
  await expect(org.run({ cluster: await away(org) })).rejects.toMatchObject({ class: 'unreachable' });
  expect(await org.read()).toMatchObject({ state: 'ready', error: refusal });
  org.advance(40_000);
  await org.settle();
  const { former, error } = (await org.read())!;
  expect({ former, error }).toMatchObject({ former: undefined, error: refusal });
});

test('a stream from before orgs had a share of the partitions is repaired and asked for as it is', async () => {
  const org = await startOrg();
  await org.put({ partitions: 25 });
  await org.settle();
  await org.dependencies.streams.update(org.org, (found) => ({ ...found, partitions: 26 }));
  expect(await org.put({ partitions: 26 })).toMatchObject({ status: 'provisioning' });
  await org.settle();
  await expect(org.put({ partitions: 27 })).rejects.toMatchObject({
    message: 'The stream has its partitions.',
  });
});

/** A topic that somebody else has made. */
const makeTopic = (topic: string) => createLedTopic(provisioning.view.admin, { topic });

test('a topic that is there already is not taken over: the stream fails with its name, and its removal leaves the topic', async () => {
  const org = await startOrg();
  const topic = `${org.org}.ledger`;
  await makeTopic(topic);
  await org.put();
  expect(await org.run()).toMatchObject({
    state: 'failed',
    refused: expect.stringContaining(topic) as string,
  });
  expect((await org.read())!.error).toEqual({
    class: 'topic_taken',
    step: 'topics',
    message: expect.stringContaining(`Topic '${topic}' is there already`) as string,
  });
  const before = { topics: [topic], users: [], acls: [] };
  await expect.poll(() => view.of(org.org)).toEqual(before);
  await org.remove();
  await org.settle();
  expect(await org.read()).toBeUndefined();
  await expect.poll(() => view.of(org.org)).toEqual(before);

  await org.put();
  await org.run();
  await provisioning.view.admin.deleteTopics({ topics: [topic] });
  await org.put();
  await org.settle();
  await expect.poll(() => view.of(org.org)).toEqual(await wholeOf(org));
});

test('a topic that is there already is not taken over by a mapping either, and outlives the stream', async () => {
  const org = await startOrg();
  await org.put();
  await org.settle();
  const topic = `${org.org}.invoices`;
  await makeTopic(topic);
  await org.map('*:invoices');
  await extendStream(org.dependencies, org.org, ['invoices']);
  await org.settle();
  expect(await org.read()).toMatchObject({
    state: 'ready',
    error: {
      class: 'topic_taken',
      step: 'topic-mapping',
      message: expect.stringContaining(`'${topic}'`) as string,
    },
  });
  const { acls } = await wholeOf(org);
  await expect.poll(async () => (await view.of(org.org)).acls).toEqual(acls);
  await org.remove();
  await org.settle();
  await expect.poll(() => view.of(org.org)).toEqual({ topics: [topic], users: [], acls: [] });
});

test('a stream from before its topics were written down keeps them, is rotated, and takes them with it', async () => {
  const org = await startOrg();
  await org.put();
  await org.settle();
  await org.dependencies.streams.update(org.org, ({ ownTopics: _, ...before }) => before);
  await org.map('*:invoices');
  await org.rotate(0);
  await org.settle();
  expect(await org.read()).toMatchObject({
    state: 'ready',
    ownTopics: ['runs', 'ledger', 'notifications', 'prices', 'invoices'],
  });
  expect((await org.read())!.error).toBeUndefined();
  await org.remove();
  await org.settle();
  await expect.poll(() => view.of(org.org)).toEqual(nothing);
});

test('an org whose topics would be named like a source’s has no stream', async () => {
  const org = await startOrg({ id: 'fanout' });
  await expect(org.put()).rejects.toMatchObject({ status: 409, kind: 'conflict' });
  expect(await org.read()).toBeUndefined();
});

test('a second rotation within an overlap ends the first user, and makes one of a name that there has not been', async () => {
  const org = await startOrg();
  await org.put();
  await org.settle();
  const first = (await org.read())!.user.username;
  await org.rotate(3600);
  await org.settle();
  const second = (await org.read())!.user.username;
  await org.rotate(3600);
  await org.settle();
  const { user, former } = (await org.read())!;
  expect(former?.username).toBe(second);
  expect(new Set([first, second, user.username]).size).toBe(3);
  await expect.poll(() => view.of(org.org)).toEqual(expectedContents(org.org, [user.username, second]));
});

test('a rotation that was written by a request whose answer was lost is answered, and gone on with', async () => {
  const org = await startOrg();
  await org.put();
  await org.settle();
  const { streams, queue } = org.dependencies;
  let messages = 0;
  const { next } = (await org.rotate(60, {
    streams: {
      ...streams,
      // The client makes the request once more, and finds what it has written itself.
      update: async (id, change) => (await streams.update(id, change)) && streams.update(id, change),
    },
    queue: { send: async (...given) => (messages++, queue.send(...given)) },
  })) as { next: { username: string; password: string } };
  expect(messages).toBe(1);
  await org.settle();
  expect((await org.read())!.user).toEqual(next);
});

test('a stream whose topics are underway is asked after, and is not ready before they are done', async () => {
  const org = await startOrg();
  await org.put();
  const { cluster } = org.dependencies;
  let asked = 0;
  const slow: StreamCluster = {
    ...cluster,
    async ensureTopics(...wanted) {
      await cluster.ensureTopics(...wanted);
      return ++asked < 3 ? 'underway' : 'done';
    },
  };
  for (let runs = 0; runs < 2; runs++) {
    expect(await org.run({ cluster: slow })).toMatchObject({ state: 'provisioning', underway: ['topics'] });
    org.advance(10_000);
  }
  expect(await org.run({ cluster: slow })).toMatchObject({ state: 'ready', underway: [] });
});

test('a stream is not taken for removed before all that was made for it must have shown', async () => {
  const org = await startOrg();
  await org.put();
  await org.settle();
  const cluster = { ...org.dependencies.cluster, showsAfterMs: 60_000 };
  await org.remove();
  expect(await org.run({ cluster })).toMatchObject({ state: 'deleting', underway: ['topics'] });
  // One that another of our functions was making shows.
  await makeTopic(`${org.org}.runs`);
  org.advance(60_000);
  expect(await org.run({ cluster })).toMatchObject({ state: 'deleted', underway: [] });
  await expect.poll(() => view.of(org.org)).toEqual(nothing);
});

test('what is missing of a stream is made again when it is asked for again', async () => {
  const org = await startOrg();
  await org.put();
  await org.settle();
  const { cluster } = org.dependencies;
  await cluster.removeTopics([`${org.org}.ledger`]);
  const { user } = (await org.read())!;
  await cluster.removeAcls(user.username);
  await cluster.removeUser(user.username);
  await org.put();
  await org.settle();
  await expect.poll(() => view.of(org.org)).toEqual(await wholeOf(org));
  expect(await cluster.letsIn(user)).toBe(true);
});

test('nobody works on a stream while another does, and what is asked for meanwhile is done next', async () => {
  const org = await startOrg();
  await org.put();
  const { cluster } = org.dependencies;
  const outcome = await org.run({
    cluster: {
      ...cluster,
      async ensureUser(user) {
        await org.remove();
        expect(await org.run()).toBeUndefined();
        return cluster.ensureUser(user);
      },
    },
  });
  expect(outcome).toMatchObject({ state: 'deleting' });
  await expect.poll(async () => (await view.of(org.org)).users).toEqual([(await org.read())!.user.username]);
  expect(await org.run()).toMatchObject({ state: 'deleted' });
  await expect.poll(() => view.of(org.org)).toEqual(nothing);
});

test('passwords stand nowhere in the table as they are', async () => {
  const org = await startOrg();
  const { password } = (await org.put()) as { password: string };
  const stored = await createDocuments(
    provisioning.storage.dynamodb,
    provisioning.stores.config,
    'STREAM',
  ).get(org.org);
  expect(JSON.stringify(stored)).not.toContain(password);
});
