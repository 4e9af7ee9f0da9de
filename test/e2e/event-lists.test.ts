import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type ApiClient, type List, apiClient, problem, time } from './api/api-client.ts';
import { connectClient } from './fanout-client.ts';

interface Listed {
  readonly id: string;
  readonly event_type: string;
  readonly time: string;
  readonly state: string;
  readonly source?: { readonly partition: number; readonly offset: number };
  readonly deliveries: Readonly<Record<string, number>>;
}

let fanout: Fanout;
let client: ApiClient;
let good: Receiver;
let failing: Receiver;
/** A tenant with an event in each state that there can be, and one that has nothing to do with it. */
let org: string;
let other: string;
/** The events of the tenant, by their types. */
const listed = new Map<string, Listed>();

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = apiClient(fanout, await connectClient(fanout));
  good = await startReceiver();
  failing = await startReceiver((_, response) => response.writeHead(500).end());
  [org, other] = [await client.createOrg(), await client.createOrg()];
  const endpoint = (types: string[], to: string, more = {}) =>
    client.createEndpoint(org, to, { event_types: types, ...more });
  await endpoint(['order.delivered', 'order.twice'], good.url);
  await endpoint(['order.queued'], failing.url, { retry: { schedule_seconds: [3600] } });
  await endpoint(['order.failed'], failing.url, { retry: { schedule_seconds: [1] } });
  await endpoint(['order.held'], good.url, { status: 'paused' });
  await client.createEndpoint(other, good.url, { event_types: ['theirs', 'to.all'] });

  const value = (type: string, more = {}) =>
    JSON.stringify({ event_type: type, owner_id: org, data: { secret: type }, ...more });
  await client.produce(
    { value: value('order.delivered') },
    { value: value('order.queued') },
    { value: value('order.failed') },
    { value: value('order.held') },
    { value: value('unheard'), partition: 1 },
    { value: value('order.twice', { idempotency_key: 'order-7' }), partition: 2 },
    { value: 'no JSON', partition: 3 },
    { value: value('theirs', { owner_id: other }), partition: 4 },
    { value: value('to.all'), headers: { 'x-convoy-message-type': 'broadcast' }, partition: 4 },
  );
  await until(async () => expect(await types('?state=delivered')).toContain('order.twice'));
  await client.produce({ value: value('order.twice', { idempotency_key: 'order-7' }), partition: 2 });
  await until(async () => expect(await list('')).toHaveLength(8));
  await until(async () => expect(await types('?state=failed')).toEqual(['order.failed']));
  for (const event of (await list('')).reverse())
    if (!listed.has(event.event_type)) listed.set(event.event_type, event);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await Promise.all([good?.stop(), failing?.stop()]);
});

const until = (holds: () => Promise<void>) => vi.waitFor(holds, { timeout: 20_000, interval: 50 });

async function list(query: string, path = `/v1/orgs/${org}/events`, key?: string): Promise<Listed[]> {
  const answer = await client.call<List<Listed>>('GET', path + query, undefined, key);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
}
const types = async (query: string, path?: string) =>
  (await list(query, path)).map(({ event_type }) => event_type).sort();

test.each([
  ['delivered', ['order.delivered', 'order.twice']],
  ['queued', ['order.queued']],
  ['failed', ['order.failed']],
  ['held', ['order.held']],
  ['duplicate', ['order.twice']],
  // The broadcast matched the other org's endpoint, and none of this one's.
  ['no_match', ['to.all', 'unheard']],
])('events are found by their state: %s', async (state, expected) => {
  expect(await types(`?state=${state}`)).toEqual(expected);
  for (const event of await list(`?state=${state}`)) {
    expect((await client.trace(event.id)).state).toBe(
      event.event_type === 'to.all' ? 'delivered' : event.state,
    );
  }
});

test('an event is listed in short form, and for operators with its place', async () => {
  const { key } = await client.createKey(`/v1/orgs/${org}/keys`, { name: 'a', role: 'tenant' });
  const [own] = await list('?event_type=order.twice&state=delivered', undefined, key);
  const short = {
    id: expect.any(String) as string,
    event_type: 'order.twice',
    time,
    state: 'delivered',
    target: { type: 'fanout', owner_id: org },
    idempotency_key: 'order-7',
    deliveries: { delivered: 1 },
  };
  expect(own).toEqual(short);
  const [seen] = await list('?event_type=order.twice&state=delivered');
  expect(seen).toEqual({
    ...short,
    source: {
      name: 'ingest',
      topic: fanout.ingestTopic,
      partition: 2,
      offset: expect.any(Number) as number,
      index: 0,
    },
  });
  const [duplicate] = await list('?state=duplicate');
  expect(duplicate).toMatchObject({ duplicate_of: own!.id, deliveries: {} });
});

test('events are found by type, by a prefix of it, and by time', async () => {
  expect(await types('?event_type=order.held')).toEqual(['order.held']);
  expect(await types('?event_type=order.*')).toHaveLength(6);
  const at = listed.get('unheard')!.time;
  const later = new Date(Date.parse(at) + 1).toISOString();
  expect(await types(`?since=${at}&until=${later}`)).toContain('unheard');
  expect(await types(`?until=${at}`)).not.toContain('unheard');
  expect(await types(`?since=${later}`)).not.toContain('unheard');
  const month = new Date(Date.now() - 30 * 86_400_000).toISOString();
  expect(await types(`?since=${month}&until=${at}&event_type=nothing`)).toEqual([]);
});

test.each(['', 'event_type=order.*', 'state=delivered', 'event_type=order.*&state=queued'])(
  'events are listed page by page: %s',
  async (filter) => {
    for (const path of [`/v1/orgs/${org}/events`, '/v1/events']) {
      const all = (await list(`?${filter}`, path)).map(({ id }) => id);
      for (const limit of [1, 3]) {
        const seen: string[] = [];
        let cursor: string | null = '';
        while (cursor !== null) {
          const query: string = `?${filter}&limit=${limit}${cursor && `&cursor=${cursor}`}`;
          const page: List = (await client.call<List>('GET', path + query)).body;
          expect(page.data.length).toBeLessThanOrEqual(limit);
          seen.push(...page.data.map(({ id }) => id));
          cursor = page.next_cursor;
        }
        expect(seen).toEqual(all);
      }
    }
  },
);

test('operators see the events of all orgs, each once', async () => {
  expect(await types('', '/v1/events')).toEqual(
    [
      ...['order.delivered', 'order.failed', 'order.held', 'order.queued', 'order.twice', 'order.twice'],
      ...['theirs', 'to.all', 'unheard'],
    ].sort(),
  );
  expect(await list('?event_type=to.all', '/v1/events')).toMatchObject([
    { state: 'delivered', target: { type: 'broadcast' }, deliveries: { delivered: 1 } },
  ]);
});

test('an event is found by where its record was, and a poison record in quarantine', async () => {
  const { partition, offset } = listed.get('unheard')!.source!;
  const at = (more: string) => types(`?partition=${partition}&${more}`, '/v1/events');
  expect(await at(`source=ingest&offset=${offset}`)).toEqual(['unheard']);
  expect(await at(`topic=${fanout.ingestTopic}&offset=${offset}`)).toEqual(['unheard']);
  expect(await at(`source=ingest&offset=${offset}&state=delivered`)).toEqual([]);
  expect(await at(`source=ingest&offset=${offset + 1}`)).toEqual([]);
  expect(await at('source=ingest')).toEqual(['unheard']);

  expect(await types('?source=ingest&partition=3&offset=0', '/v1/events')).toEqual([]);
  const quarantined = (place: string) => client.call<List>('GET', `/v1/quarantine?source=ingest&${place}`);
  expect((await quarantined('partition=3&offset=0')).body).toMatchObject({
    data: [{ reason: 'invalid_json', partition: 3, offset: 0 }],
    next_cursor: null,
  });
  expect((await quarantined('partition=3&offset=1')).body.data).toEqual([]);
});

test('an event is found by its idempotency key', async () => {
  const find = (key: string) => list(`?source=ingest&idempotency_key=${key}`, '/v1/events');
  expect(await find('order-7')).toMatchObject([{ event_type: 'order.twice', state: 'delivered' }]);
  expect(await find('order-8')).toEqual([]);
});

test('a key of another org is refused, and an org that is not there is not found', async () => {
  const { key } = await client.createKey(`/v1/orgs/${other}/keys`, { name: 'a', role: 'tenant' });
  for (const path of [`/v1/orgs/${org}/events`, '/v1/events']) {
    expect(await client.call('GET', path, undefined, key)).toMatchObject({
      status: 403,
      ...problem('forbidden'),
    });
  }
  const own = await list('', `/v1/orgs/${other}/events`, key);
  expect(own.map(({ event_type }) => event_type).sort()).toEqual(['theirs', 'to.all']);
  expect(own.every((event) => !('source' in event))).toBe(true);
  expect(await client.call('GET', '/v1/orgs/nobody/events')).toMatchObject({
    status: 404,
    ...problem('not_found'),
  });
});

test.each([
  ['/v1/events?since=yesterday&until=2026-13-01T00:00:00Z', ['since', 'until']],
  ['/v1/events?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', ['until']],
  ['/v1/events?limit=0&state=lost&event_type=%C3%BC', ['event_type', 'limit', 'state']],
  ['/v1/events?offset=1&idempotency_key=a', ['idempotency_key', 'idempotency_key', 'offset']],
  ['/v1/events?offset=-1&partition=x&source=none&topic=none', ['offset', 'partition', 'source', 'topic']],
  ['/v1/events?unknown=1&limit=101', ['limit', 'unknown']],
  ['/v1/events?cursor=made-up', ['cursor']],
  ['/v1/events?source=ingest&partition=0&offset=0&cursor=made-up', ['cursor']],
  ['/v1/orgs/{org}/events?cursor=made-up', ['cursor']],
  ['/v1/orgs/{org}/events?source=ingest&partition=1&state=skipped', ['partition', 'source', 'state']],
])('%s is refused with all that is wrong', async (path, paths) => {
  const answer = await client.call('GET', path.replace('{org}', org));
  expect(answer).toMatchObject({ status: 400, ...problem('invalid_request') });
  expect(answer.body.errors!.map((error) => error.path).sort()).toEqual(paths);
});
