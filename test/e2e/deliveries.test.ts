import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { type Receiver, receiverPool } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type ApiClient, apiClient, problem, time } from './api/api-client.ts';
import { type ListedDelivery, deliveryClient, idsAt, startBrokenReceiver } from './delivery-client.ts';
import { connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: ApiClient;
let use: ReturnType<typeof deliveryClient>;
const receivers = receiverPool();

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = apiClient(fanout, await connectClient(fanout));
  use = deliveryClient(client);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
});

const brokenReceiver = () => startBrokenReceiver(receivers.start);
const goodReceiver = () => receivers.start();

const stateOf = async (event: string) => (await client.trace(event)).state;
const statuses = async (event: string) =>
  (await client.trace(event)).deliveries.map(({ attempts }) =>
    attempts.map(({ status_code }) => status_code),
  );

test('a failed delivery is listed, and retried at once by whoever may', async () => {
  const receiver = await brokenReceiver();
  const [org, other] = [await client.createOrg(), await client.createOrg()];
  const { id: endpoint } = await client.createEndpoint(org, receiver.url, {
    retry: { schedule_seconds: [] },
  });
  await use.produce(org, 1);
  const query = `endpoint=${endpoint}`;
  await expect.poll(() => use.count(org, query)).toBe(1);
  const [failed] = await use.deliveriesOf(org, query);
  const event = failed!.event_id;
  expect(failed).toEqual({
    id: `${event}-${endpoint}`,
    event_id: event,
    endpoint_id: endpoint,
    state: 'failed',
    failure: 'attempts_exhausted',
    created_at: time,
    attempts: 1,
    last_attempt: { at: time, latency_ms: expect.any(Number) as number, status_code: 500 },
    next_attempt_at: null,
  });

  const retry = (key?: string) => client.call('POST', `/v1/deliveries/${failed!.id}/retry`, undefined, key);
  expect(await retry(await use.tenantOf(other))).toMatchObject({ status: 404, ...problem('not_found') });
  expect(await retry(await use.tenantOf(org, 'publisher'))).toMatchObject({ status: 403 });
  receiver.answer(undefined);
  const key = await use.tenantOf(org);
  const answers = await Promise.all(Array.from({ length: 6 }, () => retry(key)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 202]);
  await expect.poll(() => receiver.since()).toEqual([event]);
  receiver.release();
  await expect.poll(() => stateOf(event)).toBe('delivered');
  expect(receiver.since()).toEqual([event]);
  expect(await statuses(event)).toEqual([[500, 200]]);
  expect(await use.deliveriesOf(org, query)).toEqual([]);
  expect(await use.deliveriesOf(org, `${query}&state=delivered`)).toMatchObject([
    { id: failed!.id, attempts: 2 },
  ]);

  expect((await client.call('DELETE', `/v1/orgs/${org}/endpoints/${endpoint}`)).status).toBe(204);
  expect(await retry()).toMatchObject({ status: 409, ...problem('conflict') });
  expect(await use.deliveriesOf(org, `${query}&state=delivered`)).toHaveLength(1);
  const foreign = await client.call('GET', `/v1/orgs/${other}/deliveries?${query}&state=delivered`);
  expect(foreign).toMatchObject({ status: 404, ...problem('not_found') });
});

test('a delivery that succeeded at once, or waits for hours, is made again at once', async () => {
  const [good, broken] = [await goodReceiver(), await brokenReceiver()];
  const org = await client.createOrg();
  const done = await client.createEndpoint(org, good.url);
  const waiting = await client.createEndpoint(org, broken.url, { retry: { schedule_seconds: [3600] } });
  await use.produce(org, 1);
  await expect.poll(() => idsAt(good).length).toBe(1);
  const [event] = idsAt(good) as [string];
  await expect.poll(() => use.count(org, `endpoint=${waiting.id}&state=queued`)).toBe(1);
  expect(await use.count(org, `endpoint=${done.id}&state=delivered`)).toBe(0);

  broken.answer(200);
  for (const { id } of [done, waiting]) {
    const retried = await client.call<ListedDelivery>('POST', `/v1/deliveries/${event}-${id}/retry`);
    expect(retried).toMatchObject({ status: 202, body: { state: 'queued', attempts: 1 } });
  }
  await expect.poll(() => idsAt(good)).toEqual([event, event]);
  await expect.poll(() => broken.since()).toEqual([event]);
  await expect.poll(() => stateOf(event)).toBe('delivered');
  expect((await statuses(event)).sort()).toEqual([
    [200, 200],
    [500, 200],
  ]);
  const unknown = await client.call('POST', `/v1/deliveries/${event}-nobody/retry`);
  expect(unknown).toMatchObject({ status: 404, ...problem('not_found') });
});

test('one event is replayed to all its endpoints, to one, and to one that is new', async () => {
  const [one, two, late] = [await goodReceiver(), await goodReceiver(), await goodReceiver()];
  const [org, other] = [await client.createOrg(), await client.createOrg()];
  const first = await client.createEndpoint(org, one.url);
  await client.createEndpoint(org, two.url);
  await use.produce(org, 1);
  await expect.poll(() => [idsAt(one).length, idsAt(two).length]).toEqual([1, 1]);
  const [event] = idsAt(one) as [string];
  await client.trace(event);
  const key = await use.tenantOf(org);
  const replay = (body: object, as = key) => client.call('POST', `/v1/events/${event}/replay`, body, as);

  expect(await replay({})).toMatchObject({ status: 202, body: { deliveries: 2 } });
  await expect
    .poll(() => [idsAt(one), idsAt(two)])
    .toEqual([
      [event, event],
      [event, event],
    ]);
  await expect.poll(() => stateOf(event)).toBe('delivered');
  expect(await replay({ endpoint_id: first.id })).toMatchObject({ status: 202, body: { deliveries: 1 } });
  await expect.poll(() => idsAt(one)).toHaveLength(3);

  const endpoint = (more: object) => client.createEndpoint(org, late.url, { ...more });
  const refusals = [
    [await endpoint({ event_types: ['invoice.*'] }), 'event_type'],
    [await endpoint({ filter: { data: { n: { $gt: 5 } } } }), 'filter'],
    [await endpoint({ status: 'paused' }), 'paused'],
    [await endpoint({ status: 'disabled' }), 'disabled'],
    [await client.createEndpoint(other, late.url), 'unknown_endpoint'],
    [{ id: 'nothing' }, 'unknown_endpoint'],
  ] as const;
  for (const [{ id }, reason] of refusals) {
    const refused = await replay({ endpoint_id: id });
    expect(refused, reason).toMatchObject({ status: 409, ...problem('conflict') });
    expect(refused.body.detail).toContain(reason);
  }
  const added = await endpoint({ filter: { data: { n: 0 } } });
  expect(await replay({ endpoint_id: added.id })).toMatchObject({ status: 202, body: { deliveries: 1 } });
  await expect.poll(() => idsAt(late)).toEqual([event]);
  await expect.poll(async () => (await client.trace(event)).deliveries.length).toBe(3);
  expect(await replay({}, await use.tenantOf(other))).toMatchObject({ status: 404 });
  expect((await replay({ endpoint: first.id })).status).toBe(400);
});

test.each([
  ['deliveries', ['endpoint']],
  ['deliveries?endpoint=a.b&state=lost&limit=0&page=1', ['endpoint', 'limit', 'page', 'state']],
  ['deliveries?endpoint=a&cursor=made-up', ['cursor']],
])('GET %s is refused with all that is wrong', async (path, paths) => {
  const answer = await client.call('GET', `/v1/orgs/${await client.createOrg()}/${path}`);
  expect(answer).toMatchObject({ status: 400, ...problem('invalid_request') });
  expect(answer.body.errors!.map((error) => error.path).sort()).toEqual(paths);
});

test('a change counts for all that is published once it was answered', async () => {
  const [former, latter] = [await goodReceiver(), await goodReceiver()];
  const org = await client.createOrg();
  const { id } = await client.createEndpoint(org, former.url);
  const path = `/v1/orgs/${org}`;
  const countAt = (receiver: Receiver) => new Set(idsAt(receiver)).size;
  const publish = async (count: number) => {
    const events = Array.from({ length: count }, () => ({ event_type: 'a', data: {} }));
    expect((await client.call('POST', `${path}/events`, events)).status).toBe(202);
    await client.produce(
      ...Array.from({ length: count }, (_, n) => ({
        value: JSON.stringify({ event_type: 'a', owner_id: org, data: {} }),
        partition: n % 6,
      })),
    );
  };
  // Functions that have read the endpoint keep it for a while.
  await publish(20);
  await expect.poll(() => countAt(former), { timeout: 40_000 }).toBe(40);
  const change = { config: { url: latter.url } };
  expect((await client.call('PATCH', `${path}/endpoints/${id}`, change)).status).toBe(200);
  await publish(20);
  await expect.poll(() => countAt(latter), { timeout: 40_000 }).toBe(40);
  expect(countAt(former)).toBe(40);
}, 120_000);
