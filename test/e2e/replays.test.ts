import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { receiverPool } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type ApiClient, type List, apiClient, problem, time } from './api/api-client.ts';
import { deliveryClient, idsAt, startBrokenReceiver } from './delivery-client.ts';
import { connectClient } from './fanout-client.ts';

interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly considered: number;
  readonly replayed: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const minutes = 60_000;
let fanout: Fanout;
let client: ApiClient;
let use: ReturnType<typeof deliveryClient>;
const receivers = receiverPool();

beforeAll(async () => {
  // Endpoints fail here a thousand times in a row.
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

const startReplay = async (org: string, body: object): Promise<Job> => {
  const [since, until] = [-60, 1].map((at) => new Date(Date.now() + at * minutes).toISOString());
  const answer = await client.call<Job>('POST', `/v1/orgs/${org}/replays`, { since, until, ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body;
};
const jobOf = async (org: string, { id }: Job) =>
  (await client.call<Job>('GET', `/v1/orgs/${org}/replays/${id}`)).body;

test(
  '1,000 failed deliveries are replayed at their speed, stopped at half, gone on with, each delivered once with its id',
  async () => {
    const receiver = await brokenReceiver();
    const org = await client.createOrg();
    const { id: endpoint } = await client.createEndpoint(org, receiver.url, {
      retry: { schedule_seconds: [] },
    });
    await use.produce(org, 1000);
    const query = `endpoint=${endpoint}`;
    await expect.poll(() => use.count(org, query), { timeout: 2 * minutes, interval: 500 }).toBe(1000);
    const failed = new Set((await use.deliveriesOf(org, query)).map(({ event_id }) => event_id));
    expect(failed.size).toBe(1000);

    receiver.answer(200);
    const rate = 100;
    const job = await startReplay(org, { endpoint_id: endpoint, rate });
    expect(job).toMatchObject({ state: 'running', replayed: 0, states: ['failed'], rate });
    const progress = async () => {
      const current = await jobOf(org, job);
      const seconds = (Date.parse(current.updated_at) - Date.parse(current.created_at)) / 1000;
      expect(current.replayed).toBeLessThanOrEqual(rate * (seconds + 1));
      return current;
    };
    await expect.poll(async () => (await progress()).replayed, { timeout: minutes }).toBeGreaterThan(400);
    const path = `/v1/orgs/${org}/replays/${job.id}`;
    expect(await client.call('DELETE', path)).toMatchObject({ status: 200, body: { state: 'stopped' } });
    // The function ends the page that it was at, if it is at one.
    await expect
      .poll(async () => {
        const { state, replayed } = await jobOf(org, job);
        const delivered = new Set(receiver.since()).size;
        return {
          state,
          isLess: replayed < 1000,
          unequal: replayed - delivered,
          all: (await use.count(org, query)) + delivered,
        };
      })
      .toEqual({ state: 'stopped', isLess: true, unequal: 0, all: 1000 });

    expect(await client.call('POST', `${path}/resume`)).toMatchObject({
      status: 202,
      body: { state: 'running' },
    });
    await expect.poll(async () => (await progress()).state, { timeout: 2 * minutes }).toBe('done');
    expect(await jobOf(org, job)).toMatchObject({ considered: 1000, replayed: 1000 });
    await expect.poll(() => receiver.since().length, { timeout: minutes }).toBe(1000);
    expect(new Set(receiver.since())).toEqual(failed);
    await expect.poll(() => use.count(org, `${query}&state=delivered`)).toBe(1000);
    expect(await use.count(org, query)).toBe(0);
    // Of a thousand traces some, from the first to the last of them.
    for (const event of [...failed].filter((_, at) => at % 50 === 0)) {
      const { state: reached, deliveries } = await client.trace(event);
      expect(reached).toBe('delivered');
      expect(deliveries).toMatchObject([{ replay_id: job.id }]);
      // Some may have been cut short before.
      const answers = deliveries[0]!.attempts.flatMap(({ status_code }) => status_code ?? []);
      expect(answers).toEqual([500, 200]);
    }
    expect(await client.call('POST', `${path}/resume`)).toMatchObject({ status: 409 });
    const { body } = await client.call<List>('GET', `/v1/orgs/${org}/replays`);
    expect(body.data.map(({ id }) => id)).toEqual([job.id]);
  },
  6 * minutes,
);

test(
  'a replay whose function is killed half-way goes on, and makes no delivery twice',
  async () => {
    const receiver = await brokenReceiver();
    const org = await client.createOrg();
    await client.createEndpoint(org, receiver.url, { retry: { schedule_seconds: [] } });
    const { id: other } = await client.createEndpoint(org, receiver.url, { event_types: ['other'] });
    await use.produce(org, 120);
    await expect.poll(() => receiver.since().length, { timeout: minutes }).toBe(120);
    receiver.answer(200);
    const rate = 10;
    const job = await startReplay(org, { rate, event_type: 'order.*' });
    await expect.poll(async () => (await jobOf(org, job)).replayed).toBeGreaterThanOrEqual(5 * rate);
    // Neither faster than its limit nor much slower: a full slot each second, of which a busy machine may miss some.
    const { created_at, updated_at } = await jobOf(org, job);
    const slots = Math.round((Date.parse(updated_at) - Date.parse(created_at)) / 1000);
    expect(slots).toBeGreaterThanOrEqual(4);
    expect(slots).toBeLessThanOrEqual(10);
    await fanout.machine.functions.find(({ name }) => /Replay/.test(name))!.kill();

    await expect.poll(async () => (await jobOf(org, job)).state, { timeout: 2 * minutes }).toBe('done');
    await expect.poll(() => receiver.since().length).toBe(120);
    expect(new Set(receiver.since()).size).toBe(120);

    // What was delivered meanwhile goes to an endpoint that was never attempted, if it is to have it.
    const never = await startReplay(org, { endpoint_id: other, states: ['never_attempted'], rate: 1000 });
    await expect.poll(async () => (await jobOf(org, never)).state).toBe('done');
    expect(await jobOf(org, never)).toMatchObject({ considered: 120, replayed: 0 });
    const path = `/v1/orgs/${org}/endpoints/${other}`;
    await client.call('PATCH', path, { event_types: ['*'], filter: { data: { n: { $gte: 60 } } } });
    receiver.answer(200);
    const again = await startReplay(org, { endpoint_id: other, states: ['never_attempted'], rate: 1000 });
    await expect.poll(async () => (await jobOf(org, again)).state).toBe('done');
    expect(await jobOf(org, again)).toMatchObject({ considered: 120, replayed: 60 });
    await expect.poll(() => new Set(receiver.since()).size).toBe(60);
  },
  6 * minutes,
);

test(
  '500 events come while an endpoint is paused, and all are delivered once it is active',
  async () => {
    const receiver = await goodReceiver();
    const org = await client.createOrg();
    const { id: endpoint } = await client.createEndpoint(org, receiver.url, { status: 'paused' });
    const query = `endpoint=${endpoint}&state=held`;
    await use.produce(org, 500);
    await expect.poll(() => use.count(org, query), { timeout: minutes }).toBe(500);
    const held = await use.deliveriesOf(org, query);
    expect(held[0]).toMatchObject({ state: 'held', attempts: 0, next_attempt_at: null, held_until: time });
    expect((await client.call('POST', `/v1/deliveries/${held[0]!.id}/retry`)).status).toBe(409);
    expect(receiver.received).toEqual([]);

    const path = `/v1/orgs/${org}/endpoints/${endpoint}`;
    expect((await client.call('PATCH', path, { status: 'active' })).status).toBe(200);
    // Functions still take it for paused for a moment: these are held too.
    await use.produce(org, 20);
    const releases = (await client.call<List<Job>>('GET', `/v1/orgs/${org}/replays`)).body.data;
    expect(releases).toMatchObject([{ kind: 'release', state: 'running' }]);
    const arrived = () => new Set(idsAt(receiver)).size;
    await expect.poll(arrived, { timeout: 2 * minutes }).toBe(520);
    // What came once it was active may have come twice: its first attempt may have been cut short.
    const released = new Set(held.map(({ event_id }) => event_id));
    expect(
      idsAt(receiver)
        .filter((id) => released.has(id))
        .sort(),
    ).toEqual([...released].sort());
    await expect.poll(() => use.count(org, query)).toBe(0);
  },
  4 * minutes,
);

test(
  'an org has ten replays running at most, and another org’s release goes on beside them',
  async () => {
    const receiver = await goodReceiver();
    const [org, other] = [await client.createOrg(), await client.createOrg()];
    await client.createEndpoint(org, receiver.url);
    const { id: paused } = await client.createEndpoint(other, receiver.url, { status: 'paused' });
    await use.produce(org, 30);
    await use.produce(other, 3);
    await expect.poll(() => receiver.received.length).toBe(30);
    await expect.poll(() => use.count(other, `endpoint=${paused}&state=held`)).toBe(3);
    const parts = { states: ['delivered'], rate: 1 };
    const jobs = await Promise.all(Array.from({ length: 10 }, () => startReplay(org, parts)));
    const path = `/v1/orgs/${org}/replays`;
    await client.call('PATCH', `/v1/orgs/${other}/endpoints/${paused}`, { status: 'active' });

    const since = new Date(Date.now() - 60 * minutes).toISOString();
    const body = { since, until: new Date().toISOString() };
    const refused = await client.call('POST', path, body);
    expect(refused).toMatchObject({ status: 409, ...problem('conflict') });
    expect(refused.body.detail).toContain('10 replays');
    const [one] = jobs as [Job];
    expect((await client.call('DELETE', `${path}/${one.id}`)).status).toBe(200);
    expect((await client.call('POST', path, body)).status).toBe(202);

    const released = () => use.count(other, `endpoint=${paused}&state=delivered`);
    await expect.poll(released, { timeout: 2 * minutes }).toBe(3);
    expect((await jobOf(org, jobs[9]!)).state).toBe('running');
    for (const { id } of jobs) await client.call('DELETE', `${path}/${id}`);
  },
  4 * minutes,
);

test('what a paused endpoint holds fails when the endpoint is deleted', async () => {
  const org = await client.createOrg();
  const { id: endpoint } = await client.createEndpoint(org, 'http://127.0.0.1:9', { status: 'paused' });
  await use.produce(org, 3);
  await expect.poll(() => use.count(org, `endpoint=${endpoint}&state=held`)).toBe(3);
  expect((await client.call('DELETE', `/v1/orgs/${org}/endpoints/${endpoint}`)).status).toBe(204);
  await expect.poll(() => use.count(org, `endpoint=${endpoint}&state=failed`)).toBe(3);
  const [failed] = await use.deliveriesOf(org, `endpoint=${endpoint}&state=failed`);
  expect(failed).toMatchObject({ failure: 'endpoint_deleted', attempts: 0 });
});

test.each([
  [{}, ['since', 'until']],
  [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, ['until']],
  [{ since: '2024-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z', rate: 1001 }, ['rate', 'until']],
  [
    { since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z', states: ['never_attempted'] },
    ['endpoint_id'],
  ],
])('a replay of %j is refused with all that is wrong', async (body, paths) => {
  const answer = await client.call('POST', `/v1/orgs/${await client.createOrg()}/replays`, body);
  expect(answer).toMatchObject({ status: 400, ...problem('invalid_request') });
  expect(answer.body.errors!.map((error) => error.path).sort()).toEqual(paths);
});
