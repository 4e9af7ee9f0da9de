import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createPublishCalls } from '../../lib/adapters/dynamodb-publish-calls.ts';
import { createKafkaStreamProducer } from '../../lib/adapters/kafka-stream-producer.ts';
import { createOwnTopics } from '../../lib/app/own-topics.ts';
import { type StreamStanding, publishRecords } from '../../lib/app/publish-records.ts';
import { type StreamProducer, StreamMissing } from '../../lib/app/ports/stream-producer.ts';
import type { Org } from '../../lib/core/org.ts';
import { createTopic, makeTopic, readTopic } from '../adapters/kafka-topics.ts';
import { operatorOf } from '../contracts/cluster-contents.ts';
import { type Storage, type Stores, startStorage } from '../contracts/stores.ts';
import { dyingClient } from './dying-client.ts';

const minute = 60_000;
let storage: Storage;
let stores: Stores;
let producer: ReturnType<typeof createKafkaStreamProducer>;
let topic: string;
let aheadMs: number;
const now = () => Date.now() + aheadMs;

beforeAll(async () => {
  storage = await startStorage();
  producer = createKafkaStreamProducer(async () => operatorOf(storage.kafka));
});
afterAll(async () => {
  producer?.close();
  await storage?.stop();
});
beforeEach(async () => {
  aheadMs = 0;
  [stores, topic] = await Promise.all([storage.freshStores(), createTopic(storage.kafka)]);
});

interface Call {
  readonly client?: DynamoDBClient;
  readonly key?: string;
  readonly text?: string;
  readonly topic?: string;
  readonly through?: StreamProducer;
  readonly traceparent?: string;
}

function dependenciesWith(client: DynamoDBClient, through: StreamProducer) {
  return {
    calls: createPublishCalls(client, stores.events, 24, now),
    callSecret: 'secret',
    producer: through,
    orgs: createDocuments<Org>(client, stores.config, 'ORG'),
    streams: createDocuments<StreamStanding>(client, stores.config, 'STREAM'),
    ownTopics: { has: async () => true },
    now,
  };
}

/** What a function does with a call of three records, whose ids are others each time that they are made. */
function publish({
  client = storage.dynamodb,
  key,
  text = 'text',
  topic: to = topic,
  through = producer,
  traceparent,
}: Call) {
  const call = { orgId: 'acme', operation: 'runs', text, idempotencyKey: key, traceparent };
  return publishRecords(dependenciesWith(client, through), call, async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const records = ids.map((id) => ({ key: 'k', value: '{"n": 1.10}', headers: { 'event-id': id } }));
    return { topic: to, records, answer: { ids } };
  });
}
const published = async (from = topic) =>
  (await readTopic(storage.kafka, from)).map(({ headers }) => headers['event-id']);

test('a call answers where its records are', async () => {
  const { places, answer } = await publish({});
  expect(places).toEqual(['0', '1', '2'].map((offset) => ({ partition: 0, offset })));
  expect(await published()).toEqual(answer.ids);
});

test('records carry the trace of who caused them, of the call that was made first', async () => {
  const first = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await publish({ key: 'a', traceparent: first });
  await publish({ key: 'a', traceparent: first.replace('00f067aa0ba902b7', '1111111111111111') });
  const records = await readTopic(storage.kafka, topic);
  expect(records.map(({ headers }) => headers['traceparent'])).toEqual([first, first, first]);
});

test('a call with a key is made once, and its answer repeated; without a key, each is a call of its own', async () => {
  const answer = await publish({ key: 'a' });
  expect(await publish({ key: 'a' })).toEqual(answer);
  await expect(publish({ key: 'a', text: 'other' })).rejects.toMatchObject({
    kind: 'idempotency_key_reused',
  });
  expect(await published()).toEqual(answer.answer.ids);
  await publish({});
  await publish({});
  expect(new Set(await published()).size).toBe(9);
});

test('of eight at once with one key one publishes', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => publish({ key: 'a' })));
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const refusals = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  for (const refusal of refusals) expect(refusal).toMatchObject({ kind: 'call_in_flight' });
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(await published()).toEqual(answers[0]!.answer.ids);
});

describe('a function that is killed', () => {
  // It begins the call, keeps its records, produces them, and finishes the call.
  const deaths = [1, 2, 3].flatMap((writes) => [
    { writes, isSent: false, copies: writes === 3 ? 2 : 1 },
    { writes, isSent: true, copies: 1 },
  ]);
  test.each(deaths)(
    'at write $writes (sent: $isSent) leaves what a repeat makes whole, with the same ids',
    async ({ copies, ...death }) => {
      await expect(publish({ key: 'a', client: dyingClient(death) })).rejects.toThrow('killed');
      const before = new Set(await published());
      aheadMs += minute;
      const { answer } = await publish({ key: 'a' });
      const stored = await published();
      expect(new Set([...before, ...stored])).toEqual(new Set(answer.ids));
      // At the last write, it had produced; whether it had said so, or not.
      expect(stored).toEqual(Array.from({ length: copies }, () => answer.ids).flat());
      expect(await publish({ key: 'a' })).toMatchObject({ answer });
      expect(await published()).toEqual(stored);
    },
  );
});

test.each([
  { writes: 1, isSent: false, copies: 1 },
  { writes: 1, isSent: true, copies: 1 },
  { writes: 2, isSent: false, copies: 2 },
  { writes: 2, isSent: true, copies: 1 },
])(
  'records that are those of the body are kept nowhere; killed at write $writes (sent: $isSent), a repeat sends the same',
  async ({ copies, ...death }) => {
    const records = ['1', '2'].map((id) => ({ key: 'k', value: id, headers: { 'event-id': id } }));
    const make = (client?: DynamoDBClient) => {
      const call = {
        orgId: 'acme',
        operation: 'prices',
        text: '',
        idempotencyKey: 'a',
        isRenderedAlike: true,
      };
      const dependencies = dependenciesWith(client ?? storage.dynamodb, producer);
      const keep = () => Promise.reject(new Error('is not to be called'));
      const calls = { ...dependencies.calls, keep };
      return publishRecords({ ...dependencies, calls }, call, async () => ({ topic, records, answer: {} }));
    };
    await expect(make(dyingClient(death))).rejects.toThrow('killed');
    aheadMs += minute;
    const answer = await make();
    expect(await make()).toEqual(answer);
    expect(await published()).toEqual(Array.from({ length: copies }, () => ['1', '2']).flat());
  },
);

test('a send whose outcome is unknown is told as such, and the same call sends the same records', async () => {
  const through: StreamProducer = {
    ...producer,
    async send(...given) {
      await producer.send(...given);
      throw new Error('no acknowledgement');
    },
  };
  const failure = { kind: 'unavailable', cause: { message: 'no acknowledgement' } };
  await expect(publish({ key: 'a', through })).rejects.toMatchObject(failure);
  const { answer } = await publish({ key: 'a' });
  expect(await published()).toEqual([...answer.ids, ...answer.ids]);
  await expect(publish({ through })).rejects.toThrow('with an Idempotency-Key');
});

test('a call that took so long before its send that it is answered by now publishes nothing', async () => {
  aheadMs = -25_000;
  const call = { orgId: 'acme', operation: 'runs', text: '', idempotencyKey: undefined };
  const publishing = publishRecords(dependenciesWith(storage.dynamodb, producer), call, async () => {
    aheadMs = 0;
    return { topic, records: [{ key: 'k', value: '1', headers: {} }], answer: {} };
  });
  await expect(publishing).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await published()).toEqual([]);
});

test('the look for topics and the sends of a call have one end, ten seconds away', async () => {
  const ends: number[] = [];
  const through: StreamProducer = {
    expectTopics: async (_, endMs) => void ends.push(endMs),
    send: (to, records, endMs) => (ends.push(endMs), producer.send(to, records, endMs)),
  };
  const began = Date.now();
  await publishTo([topic, await createTopic(storage.kafka)], through);
  expect(ends).toEqual([ends[0], ends[0], ends[0]]);
  expect(ends[0]! - began).toBeGreaterThanOrEqual(10_000);
  expect(ends[0]).toBeLessThanOrEqual(Date.now() + 10_000);
});

test('records of one call may go to several topics, each in its order', async () => {
  const other = await createTopic(storage.kafka);
  const dependencies = dependenciesWith(storage.dynamodb, producer);
  const call = { orgId: 'acme', operation: 'ledger-events', text: '', idempotencyKey: undefined };
  const record = (id: string, own?: string) => ({
    key: 'k',
    value: id,
    headers: { 'event-id': id },
    ...(own && { topic: own }),
  });
  const { places } = await publishRecords(dependencies, call, async () => ({
    topic,
    records: [record('a'), record('b', other), record('c'), record('d', other)],
    answer: {},
  }));
  expect(places.map(({ offset }) => offset)).toEqual(['0', '0', '1', '1']);
  expect([await published(), await published(other)]).toEqual([
    ['a', 'c'],
    ['b', 'd'],
  ]);
});

/** A call of a record for each topic. */
function publishTo(topics: readonly string[], through: StreamProducer) {
  const call = { orgId: 'acme', operation: 'ledger-events', text: '', idempotencyKey: undefined };
  const records = topics.map((own) => ({ key: 'k', value: '1', headers: {}, topic: own }));
  const dependencies = dependenciesWith(storage.dynamodb, through);
  return publishRecords(dependencies, call, async () => ({ topic, records, answer: {} }));
}

test('that one topic is missing is not told as nothing published where another may have its records', async () => {
  const through: StreamProducer = {
    expectTopics: async () => {},
    async send(name) {
      throw name === topic ? new StreamMissing(`no topic ${name}`) : new Error('no acknowledgement');
    },
  };
  await expect(publishTo([topic, `${topic}.other`], through)).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(publishTo([topic], through)).rejects.toMatchObject({ kind: 'not_found' });
});

test('of a call over several topics nothing is published while one of them is missing', async () => {
  const publishing = publishTo([topic, `${topic}.none`], producer);
  await expect(publishing).rejects.toMatchObject({ kind: 'not_found' });
  expect(await readTopic(storage.kafka, topic)).toEqual([]);
});

test('a call of which some topics have their records has an unknown outcome, also where another is missing', async () => {
  const through: StreamProducer = {
    expectTopics: async () => {},
    async send(to, ...given) {
      if (to !== topic) throw new StreamMissing(to);
      return producer.send(to, ...given);
    },
  };
  const publishing = publishTo([`${topic}.none`, topic], through);
  await expect(publishing).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await readTopic(storage.kafka, topic)).toHaveLength(1);
});

test('a call that is refused is undone, and made anew once its topic is there; one that may be published stays', async () => {
  const wanted = `acme.${randomUUID()}`;
  const withdrawn: string[] = [];
  const resumed: string[] = [];
  let renderings = 0;
  const make = (through: StreamProducer = producer) =>
    publishRecords(
      dependenciesWith(storage.dynamodb, through),
      { orgId: 'acme', operation: 'runs', text: '', idempotencyKey: 'a' },
      async () => {
        const id = `rendering-${++renderings}`;
        return {
          topic: wanted,
          records: [{ key: 'k', value: '1', headers: { 'event-id': id } }],
          answer: { id },
        };
      },
      {
        resume: async ({ answer }) => void resumed.push(answer.id),
        withdraw: async ({ answer }) => void withdrawn.push(answer.id),
      },
    );
  await expect(make()).rejects.toMatchObject({ kind: 'not_found' });
  expect({ withdrawn, resumed }).toEqual({ withdrawn: ['rendering-1'], resumed: [] });

  const unknown = { ...producer, send: () => Promise.reject(new Error('no acknowledgement')) };
  await expect(make(unknown)).rejects.toMatchObject({ kind: 'unavailable' });
  const gone = { ...producer, send: () => Promise.reject(new StreamMissing()) };
  await expect(make(gone)).rejects.toMatchObject({ kind: 'not_found' });
  expect(withdrawn).toEqual(['rendering-1']);

  await makeTopic(storage.kafka, { topic: wanted, numPartitions: 1 });
  expect(await make()).toMatchObject({ answer: { id: 'rendering-2' } });
  expect(resumed).toEqual(['rendering-2', 'rendering-2']);
  expect(await published(wanted)).toEqual(['rendering-2']);
});

test('a topic that is not the org’s own is not written to, by whatever name; one that becomes its own is', async () => {
  const foreign = 'acme.foreign';
  await makeTopic(storage.kafka, { topic: foreign, numPartitions: 1 });
  await createDocuments<Org>(storage.dynamodb, stores.config, 'ORG').create({
    id: 'acme',
    name: '',
    createdAt: '',
  });
  let reads = 0;
  const streams = createDocuments<StreamStanding>(storage.dynamodb, stores.config, 'STREAM');
  const counted = { get: (id: string) => (reads++, streams.get(id)) };
  const dependencies = {
    ...dependenciesWith(storage.dynamodb, producer),
    ownTopics: createOwnTopics(counted, now),
  };
  const call = { orgId: 'acme', operation: 'prices', text: '', idempotencyKey: undefined };
  const record = { key: 'k', value: '1', headers: {} };
  const publishing = () =>
    publishRecords(dependencies, call, async () => ({ topic: foreign, records: [record], answer: {} }));
  await expect(publishing()).rejects.toMatchObject({ kind: 'conflict' });
  await streams.create({ id: 'acme', orgId: 'acme', state: 'ready', ownTopics: ['runs'] });
  await expect(publishing()).rejects.toMatchObject({ kind: 'conflict' });
  expect(await readTopic(storage.kafka, foreign)).toEqual([]);

  await streams.update('acme', (found) => ({ ...found, ownTopics: ['runs', 'foreign'] }));
  reads = 0;
  await publishing();
  await publishing();
  expect(reads).toBe(1);
  expect(await readTopic(storage.kafka, foreign)).toHaveLength(2);
});

test('a topic that is missing is explained by what there is of the org and its stream', async () => {
  const missing = () => publish({ topic: 'acme.runs', key: 'a' });
  await expect(missing()).rejects.toMatchObject({ kind: 'not_found' });
  await createDocuments<Org>(storage.dynamodb, stores.config, 'ORG').create({
    id: 'acme',
    name: '',
    createdAt: '',
  });
  const explained = async (detail: string) =>
    expect(await missing().catch((error: unknown) => error)).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining(detail) as string,
    });
  await explained('no stream: PUT /v1/orgs/acme/stream');
  const streams = createDocuments<StreamStanding>(storage.dynamodb, stores.config, 'STREAM');
  await streams.create({ id: 'acme', orgId: 'acme', state: 'provisioning' });
  await explained('The stream is provisioning');
  await streams.update('acme', (found) => ({ ...found, state: 'ready' }));
  await explained('lacks this topic');
});
