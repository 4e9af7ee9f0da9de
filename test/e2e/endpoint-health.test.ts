import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { patientStage } from '../local-assembly.ts';
import { receiverPool } from '../receiver.ts';
import { type ApiClient, type List, apiClient, time } from './api/api-client.ts';
import { startWatchedFanout } from './canaries.ts';
import { deliveryClient, startBrokenReceiver } from './delivery-client.ts';
import { connectClient } from './fanout-client.ts';

interface Alert {
  readonly at: string;
  readonly percent: number;
  readonly consecutive_failures: number;
}

interface Watched {
  readonly status: string;
  readonly disabled_reason?: string;
  readonly alerts?: readonly Alert[];
  readonly deliveries?: { readonly last_hour: unknown; readonly last_day: unknown };
}

const minutes = 60_000;
const events = 3;
let fanout: Fanout;
let client: ApiClient;
let use: ReturnType<typeof deliveryClient>;
const logged: string[] = [];
const receivers = receiverPool();

beforeAll(async () => {
  const stage = { ...patientStage, allowedConsecutiveFailures: 10, disableFailingAfterMinutes: 0 };
  fanout = await startWatchedFanout({ stage, log: (line) => logged.push(line) });
  client = apiClient(fanout, await connectClient(fanout));
  use = deliveryClient(client);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
});

const endpointOf = async (org: string, id: string) =>
  (await client.call<Watched>('GET', `/v1/orgs/${org}/endpoints/${id}`)).body;

test('an endpoint says how its attempts and deliveries of the last hour and day went', async () => {
  const [good, broken] = [await receivers.start(), await startBrokenReceiver(receivers.start)];
  const org = await client.createOrg();
  const { id: well } = await client.createEndpoint(org, good.url);
  const { id: ill } = await client.createEndpoint(org, broken.url, { retry: { schedule_seconds: [1] } });
  const none = { attempts: 0, failed_attempts: 0, delivered: 0, failed: 0 };
  expect((await endpointOf(org, well)).deliveries).toEqual({ last_hour: none, last_day: none });

  // One event, the first of all: an environment writes its first counts at once, and later ones after a second.
  await use.produce(org, 1);
  const delivered = { ...none, attempts: 1, delivered: 1 };
  const failed = { ...none, attempts: 2, failed_attempts: 2, failed: 1 };
  for (const [id, counts] of [
    [well, delivered],
    [ill, failed],
  ] as const) {
    await expect
      .poll(async () => (await endpointOf(org, id)).deliveries)
      .toEqual({ last_hour: counts, last_day: counts });
  }
  const { body } = await client.call<List<Watched>>('GET', `/v1/orgs/${org}/endpoints`);
  expect(body.data.map(({ deliveries }) => deliveries)).toEqual([undefined, undefined]);
});

test(
  'an endpoint that always fails raises each alert once, is disabled, and receives all once it is made active again',
  async () => {
    const receiver = await startBrokenReceiver(receivers.start);
    const org = await client.createOrg();
    const retry = { schedule_seconds: Array.from({ length: 20 }, () => 1) };
    const { id } = await client.createEndpoint(org, receiver.url, { retry });
    await use.produce(org, events);
    await expect.poll(async () => (await endpointOf(org, id)).status, { timeout: minutes }).toBe('disabled');
    await expect.poll(() => use.count(org, `endpoint=${id}&state=held`), { timeout: minutes }).toBe(events);

    const { disabled_reason, alerts = [] } = await endpointOf(org, id);
    expect(disabled_reason).toBe('failing');
    expect(alerts.map(({ percent }) => percent)).toEqual([100, 90, 70, 50]);
    for (const { at, percent, consecutive_failures } of alerts) {
      expect(at).toEqual(time);
      expect(consecutive_failures).toBeGreaterThanOrEqual(percent / 10);
    }
    const lines = logged.filter((line) => line.includes(id) && line.includes('endpoint failing'));
    expect(lines.map((line) => /"percent":(\d+)/.exec(line)![1]).sort()).toEqual(['100', '50', '70', '90']);
    expect(logged.filter((line) => line.includes('"Percent":"100"'))).toHaveLength(1);

    receiver.answer(200);
    const activated = await client.call('PATCH', `/v1/orgs/${org}/endpoints/${id}`, { status: 'active' });
    expect(activated).toMatchObject({ status: 200, body: { status: 'active' } });
    await expect
      .poll(() => new Set(receiver.since()).size, { timeout: 3 * minutes, interval: 500 })
      .toBe(events);
    await expect.poll(() => use.count(org, `endpoint=${id}&state=delivered`)).toBe(events);
  },
  10 * minutes,
);
