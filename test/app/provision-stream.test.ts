import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createJobWatch } from '../../lib/adapters/dynamodb-job-watch.ts';
import { createKafkaStreamCluster } from '../../lib/adapters/kafka-stream-cluster.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createStreamDocuments } from '../../lib/adapters/stream-documents.ts';
import { createTopicMappingReader, createTopicMappings } from '../../lib/adapters/topic-mappings.ts';
import { streamOperations } from '../../lib/app/api/streams.ts';
import { topicMappingOperations } from '../../lib/app/api/topic-mapping.ts';
import { type ProvisionDependencies, provisionStream } from '../../lib/app/provision-stream.ts';
import type { StreamCluster } from '../../lib/app/ports/stream-cluster.ts';
import { type StreamJobDependencies, extendStream } from '../../lib/app/stream-jobs.ts';
import type { ClusterCapacity } from '../../lib/core/stream-capacity.ts';
import { mapAtOnce } from '../../lib/core/map-at-once.ts';
import type { Org } from '../../lib/core/org.ts';
import { hasWork, usernamesOf } from '../../lib/core/stream.ts';
import {
  type ClusterView,
  expectedContents,
  nothing,
  operatorOf,
  viewCluster,
} from '../contracts/cluster-contents.ts';
import { type Storage, type Stores, startStorage } from '../contracts/stores.ts';

let storage: Storage;
let stores: Stores;
let view: ClusterView;
let orgs = 0;

beforeAll(async () => {
  storage = await startStorage();
  stores = await storage.freshStores();
  view = await viewCluster(storage.kafka);
});
afterAll(async () => {
  await view?.stop();
  await storage?.stop();
});

const roomy: ClusterCapacity = { mostUsers: 1000, mostPartitions: 10_000 };

/** An org, and what works on its stream: by a clock that only the test moves. */
async function startOrg({
  id = `org${orgs++}`,
  capacity = roomy,
  sealKey = randomBytes(32).toString('hex'),
} = {}) {
  const { dynamodb, sqs, kafka } = storage;
  const org = id;
  const documents = createDocuments<Org>(dynamodb, stores.config, 'ORG');
  await documents.create({ id: org, name: '', createdAt: '' });
  let nowMs = Date.now();
  const { bootstrapServers } = kafka;
  const connection = { bootstrapServers, securityProtocol: 'SASL_PLAINTEXT' as const };
  const mappings = createTopicMappings(dynamodb, stores.config);
  const dependencies: ProvisionDependencies = {
    streams: createStreamDocuments(dynamodb, stores.config, sealKey),
    watch: createJobWatch(dynamodb, stores.events, 'STREAM', 30),
    queue: createJobQueue(sqs, stores.streams),
    cluster: createKafkaStreamCluster(async () => operatorOf(kafka), connection, capacity),
    mappings: createTopicMappingReader(mappings),
    now: () => nowMs,
  };
  const call = async (route: string, body: object = {}, changed: Partial<StreamJobDependencies> = {}) => {
    const sources = [{ topic: 'fanout.ingest' }];
    const operations = {
      ...streamOperations({ ...dependencies, ...changed, sources }),
      ...topicMappingOperations({
        ...dependencies,
        mappings,
        orgs: documents,
        sources,
        streamJobs: dependencies,
      }),
    };
    const request = { caller: { role: 'operator' as const }, path: { org }, query: {}, body, text: '' };
    return (await operations[route]!.run(request)).body;
  };
  const read = () => dependencies.streams.get(org);
  return {
    org,
    dependencies,
    read,
    put: (body = {}) => call('PUT /v1/orgs/{org}/stream', body),
    putMapping: (mapping: string) => call('PUT /v1/orgs/{org}/topic-mapping', { mapping }),
    rotate: (overlap: number, changed?: Partial<StreamJobDependencies>) =>
      call('POST /v1/orgs/{org}/stream/rotate', { overlap_seconds: overlap }, changed),
    async map(mapping: string) {
      const set = { id: org, orgId: org, mapping, updatedAt: '' };
      if ((await mappings.create(set)) === 'exists') await mappings.update(org, () => set);
    },
    async partitionsOfCluster() {
      const { topics } = await view.admin.fetchTopicMetadata();
      return topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
    },
    remove: () => call('DELETE /v1/orgs/{org}/stream'),
    run: (changed: Partial<ProvisionDependencies> = {}) =>
      provisionStream({ ...dependencies, ...changed }, org),
    advance: (ms: number) => (nowMs += ms),
    /** Has it gone on with, as messages and the sweep do, until nothing is left to do. */
    async settle() {
      for (let runs = 0; ; runs++) {
        const stream = await read();
        if (!stream || !hasWork(stream, nowMs)) return;
        expect(runs, 'runs until it is settled').toBeLessThan(10);
        await provisionStream(dependencies, org);
        nowMs += 40_000;
      }
    },
  };
}

type StartedOrg = Awaited<ReturnType<typeof startOrg>>;

/** What a stream without mapping has on the cluster. */
const wholeOf = async ({ org, read }: StartedOrg) => expectedContents(org, usernamesOf((await read())!));

class Injected extends Error {}

/** The dependencies, one call of which fails: before it does anything, or after it has done all. */
function failing(dependencies: ProvisionDependencies, nth: number, when: 'before' | 'after') {
  let calls = 0;
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get:
        (on, name) =>
        async (...given: unknown[]) => {
          const isInjected = ++calls === nth;
          if (isInjected && when === 'before') throw new Injected();
          const answer: unknown = await (Reflect.get(on, name) as (...all: unknown[]) => unknown)(...given);
          if (isInjected) throw new Injected();
          return answer;
        },
    });
  const { streams, watch, queue, cluster } = dependencies;
  const wrapped = { streams: wrap(streams), watch: wrap(watch), queue: wrap(queue), cluster: wrap(cluster) };
  return { wrapped, calls: () => calls };
}

interface Scenario {
  /** Brings a stream to where the work begins. */
  readonly prepare: (org: StartedOrg) => Promise<unknown>;
  /** How many users there are in the end; undefined: no stream. */
  readonly users: number | undefined;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  provisioning: { prepare: (org) => org.put(), users: 1 },
  rotation: {
    async prepare(org) {
      await org.put();
      await org.settle();
      await org.rotate(3600);
    },
    users: 2,
  },
  'the end of an overlap': {
    async prepare(org) {
      await org.put();
      await org.settle();
      await org.rotate(60);
      await org.run();
      org.advance(61_000);
    },
    users: 1,
  },
  removal: {
    async prepare(org) {
      await org.put();
      await org.settle();
      await org.rotate(3600);
      await org.settle();
      await org.remove();
    },
    users: undefined,
  },
};

/** Orgs whose streams are worked on at once: each waits for the broker most of the time. */
const orgsAtOnce = 12;

describe.each(Object.entries(scenarios))('a failure at each call of %s', (_name, { prepare, users }) => {
  const begin = async (nth: number, when: 'before' | 'after') => {
    const org = await startOrg();
    await prepare(org);
    const { wrapped, calls } = failing(org.dependencies, nth, when);
    const outcome = await org.run(wrapped).catch((error: unknown) => error);
    return { org, outcome, calls: calls() };
  };

  test.each(['before', 'after'] as const)(
    'that comes %s it: repeated, all is right in the end, and nothing is left over',
    async (when) => {
      const { calls } = await begin(Infinity, when);
      expect(calls, 'calls that fail, one in each org').toBeGreaterThan(5);
      await mapAtOnce(
        Array.from({ length: calls }, (_, at) => at + 1),
        orgsAtOnce,
        async (nth) => {
          const { org, outcome } = await begin(nth, when);
          if ((await org.read())?.error) expect(outcome).toBeInstanceOf(Injected);
          org.advance(40_000);
          await org.settle();
          const stream = await org.read();
          const names = stream && usernamesOf(stream);
          expect(names?.length, `call ${nth}`).toBe(users);
          // A broker tells of its topics a moment after it has changed them.
          const there = names ? expectedContents(org.org, names) : nothing;
          await expect.poll(() => view.of(org.org), { message: `call ${nth}` }).toEqual(there);
          expect(stream?.state, `call ${nth}`).toBe(users && 'ready');
          expect(stream?.error).toBeUndefined();
          if (stream) expect(await org.dependencies.cluster.letsIn(stream.user)).toBe(true);
          await org.dependencies.streams.get(org.org).then((found) => found && org.remove());
          await org.settle();
          await expect.poll(() => view.of(org.org), { message: `call ${nth}` }).toEqual(nothing);
        },
      );
    },
    60_000,
  );
});

/** The cluster of an org, as it is while no broker answers. */
async function away({ dependencies }: StartedOrg): Promise<StreamCluster> {
  const operator = { ...operatorOf(storage.kafka), bootstrapServers: ['127.0.0.1:1'] };
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
    async () => operatorOf(storage.kafka),
    await org.dependencies.cluster.connection(),
    { ...roomy, mostUsers: 1 },
  );
  expect(await org.run({ cluster: full })).toMatchObject({ state: 'failed', isClusterFull: true });
  expect((await org.read())!.error).toMatchObject({
    class: 'capacity',
    message: expect.stringMatching(/no room for more users: \d+ of 1 are used/) as string,
  });
  expect(await view.of(org.org)).toEqual(nothing);
  expect(await org.run({ cluster: full })).toBeUndefined();
  await org.put();
  await org.settle();
  expect(await view.of(org.org)).toEqual(await wholeOf(org));
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
    const { bootstrapServers } = storage.kafka;
    const connection = { bootstrapServers, securityProtocol: 'SASL_PLAINTEXT' as const };
    return { cluster: createKafkaStreamCluster(async () => operatorOf(storage.kafka), connection, capacity) };
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
  expect((await view.of(org.org)).topics).toEqual(made.map((topic) => `${org.org}.${topic}`).sort());

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
  expect((await view.of(org.org)).topics).toContain(`${org.org}.two`);
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
  expect((await view.of(org.org)).topics).toHaveLength(5);
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
const makeTopic = (topic: string) => view.admin.createTopics({ topics: [{ topic }] });

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
  expect(await view.of(org.org)).toEqual(before);

  await org.put();
  await org.run();
  await view.admin.deleteTopics({ topics: [topic] });
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
  expect((await view.of(org.org)).acls).toEqual(acls);
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
  expect(await view.of(org.org)).toEqual(expectedContents(org.org, [user.username, second]));
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
  expect(await view.of(org.org)).toEqual(await wholeOf(org));
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
  expect((await view.of(org.org)).users).toEqual([(await org.read())!.user.username]);
  expect(await org.run()).toMatchObject({ state: 'deleted' });
  expect(await view.of(org.org)).toEqual(nothing);
});

test('passwords stand nowhere in the table as they are', async () => {
  const org = await startOrg();
  const { password } = (await org.put()) as { password: string };
  const stored = await createDocuments(storage.dynamodb, stores.config, 'STREAM').get(org.org);
  expect(JSON.stringify(stored)).not.toContain(password);
});
