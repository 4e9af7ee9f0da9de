import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEventLists } from '../../lib/adapters/dynamodb-event-lists.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createPublishCalls } from '../../lib/adapters/dynamodb-publish-calls.ts';
import { createPublishedEvents } from '../../lib/adapters/dynamodb-published-events.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { publishOnce } from '../../lib/app/api/publish-once.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import { type NewEvent, publishEvents } from '../../lib/app/publish-events.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { Org } from '../../lib/core/org.ts';
import { type Storage, type Stores, startStorage } from '../contracts/stores.ts';
import { endpoint } from '../endpoints.ts';
import { dyingClient } from './dying-client.ts';

const minute = 60_000;
const ids = createEventIds('key');
let storage: Storage;
let stores: Stores;
let nowMs: number;

beforeAll(async () => {
  storage = await startStorage();
});
afterAll(() => storage?.stop());
beforeEach(async () => {
  nowMs = Date.now();
  stores = await storage.freshStores();
  await createDocuments<Org>(storage.dynamodb, stores.config, 'ORG').create({
    id: 'acme',
    createdAt: '',
    name: '',
  });
  const endpoints = createDocuments<Endpoint>(storage.dynamodb, stores.config, 'ENDPOINT');
  for (let n = 0; n < 30; n++) await endpoints.create(endpoint({ id: `ep_${n}` }));
});

const now = () => nowMs;
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({
  eventType: 'a',
  data: '1',
  headers: {},
  ...parts,
});
/** More deliveries than one transaction takes. */
const events = [
  event(),
  event({ givenId: 'evt_1' }),
  event({ timeMs: 1_700_000_000_000 }),
  event({ givenId: 'evt_2', endpointId: 'ep_7' }),
  event({ givenId: 'evt_1' }),
  event(),
];

/** What a function does with a call, all over: with clients of its own. */
function publish(client: DynamoDBClient, key: string | undefined, published = events) {
  const { config, events: table, wakeUps, slowWakeUps } = stores;
  const endpoints = createCachedEndpoints(createDocuments<Endpoint>(client, config, 'ENDPOINT'), now);
  const pipeline = {
    endpoints,
    filterOf: () => undefined,
    gate: createEndpointGate(endpoints, 1000, now),
    slots: createRateSlots(client, table, now),
    sender: { attempt: async () => undefined },
    watch: { record: () => {} },
    inlineBudgetMs: 0,
    wakeUps: createWakeUpQueue(storage.sqs, { usual: wakeUps, slow: slowWakeUps }),
    deliveries: createDeliveryStore(client, table, 30, now),
    fanOutQueue: createJobQueue(storage.sqs, wakeUps),
    heldMs: 1,
    now,
    random: Math.random,
    eventIds: ids,
    published: createPublishedEvents(client, table, { retentionDays: 30, windowHours: 24 }, now),
    lists: createEventLists(client, table, createEventReader(client, table, ids)),
  };
  const orgs = createDocuments<Org>(client, config, 'ORG');
  const once = { calls: createPublishCalls(client, table, 24, now), callSecret: 'key', orgs, now };
  const call = { orgId: 'acme', operation: 'events', text: JSON.stringify(published), idempotencyKey: key };
  return publishOnce(once, call, (made) => publishEvents(pipeline, 'acme', published, made));
}

/** Everything that is kept of the org: its events by id, with the endpoints of their deliveries. */
async function kept(): Promise<Map<string, string[]>> {
  const reader = createEventReader(storage.dynamodb, stores.events, ids);
  const lists = createEventLists(storage.dynamodb, stores.events, reader);
  const spans = [
    { sinceMs: nowMs - 10 * minute, untilMs: nowMs + 10 * minute },
    { sinceMs: 1_700_000_000_000, untilMs: 1_700_000_000_001 },
  ];
  const found = new Map<string, string[]>();
  for (const span of spans) {
    const { entries } = await lists.list({ orgId: 'acme', ...span, limit: 100 });
    for (const { entry } of entries) {
      const rows = await reader.deliveriesOf(entry.id);
      const journalled = 'deliveries' in entry ? entry.deliveries : [];
      expect(rows.map(({ endpointId }) => endpointId).sort()).toEqual(
        journalled.map(({ endpointId }) => endpointId).sort(),
      );
      expect(found.has(entry.id)).toBe(false);
      found.set(
        entry.id,
        rows.map(({ endpointId }) => endpointId),
      );
    }
  }
  return found;
}

const counts = (found: Map<string, string[]>) =>
  [...found.values()].map(({ length }) => length).sort((one, other) => one - other);
const whole = [1, 30, 30, 30, 30];

test.each([{ isSent: false }, { isSent: true }])(
  'wherever a function is killed, its call goes on later with the same ids, and nothing is lost or made twice: write sent: $isSent',
  async ({ isSent }) => {
    let writes = 1;
    let crashes = 0;
    for (; ; writes++) {
      stores = { ...stores, events: (await storage.freshStores()).events };
      const client = dyingClient({ writes, isSent });
      const first = await publish(client, 'key').then(
        (answer) => ({ answer }),
        (error: Error) => ({ error }),
      );
      client.destroy();
      if ('answer' in first) break;
      expect(first.error.message).toBe('killed');
      crashes++;
      const before = await kept();

      // A killed function gives nothing back: its lease has to end.
      const hadBegun = isSent || writes > 1;
      if (hadBegun && !(isSent && writes === lastWrite)) {
        await expect(publish(storage.dynamodb, 'key')).rejects.toMatchObject({ kind: 'call_in_flight' });
      }
      nowMs += minute;
      const answer = await publish(storage.dynamodb, 'key');
      const after = await kept();
      expect(counts(after)).toEqual(whole);
      for (const [id, endpoints] of before) expect(after.get(id)).toEqual(endpoints);
      expect(answer.map(({ duplicate }) => duplicate)).toEqual([false, false, false, false, true, false]);
      for (const { id, duplicate } of answer) {
        if (!id.startsWith('evt_') && !duplicate) expect(after.has(id)).toBe(true);
      }
      expect(await publish(storage.dynamodb, 'key')).toEqual(answer);
      expect(await kept()).toEqual(after);
    }
    // The call's item, each of its transactions, and its answer.
    expect(crashes).toBe(lastWrite);
  },
  2 * minute,
);

/** Writes of a call of these events: its item, two transactions, and its answer. */
const lastWrite = 4;

test('a call that fails is given up, so that its repeat goes on at once', async () => {
  const client = createDynamoDbClient();
  let isDown = true;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        if (isDown && commandName === 'TransactWriteItemsCommand') throw new Error('down');
        return next(request);
      },
    { step: 'initialize' },
  );
  await expect(publish(client, 'key')).rejects.toThrow('down');
  isDown = false;
  expect(await publish(client, 'key')).toHaveLength(6);
  expect(counts(await kept())).toEqual(whole);
  client.destroy();
});

test('without a key each call makes other events, but for those with an id', async () => {
  const [one, other] = [
    await publish(storage.dynamodb, undefined),
    await publish(storage.dynamodb, undefined),
  ];
  expect(other.map(({ duplicate }) => duplicate)).toEqual([false, true, false, true, true, false]);
  expect(one[0]!.id).not.toBe(other[0]!.id);
  expect(other[1]).toEqual({ id: 'evt_1', duplicate: true });
  expect((await kept()).size).toBe(8);
});

test('a key that is used again after its window makes other events', async () => {
  const [first] = await publish(storage.dynamodb, 'key', [event()]);
  nowMs += 24 * 60 * minute + 2000;
  const [second] = await publish(storage.dynamodb, 'key', [event()]);
  expect(second!.id).not.toBe(first!.id);
  const [one, other] = [first!, second!].map(({ id }) => ids.decode(id)!.address);
  expect([one!.partition, one!.offset]).not.toEqual([other!.partition, other!.offset]);
});
