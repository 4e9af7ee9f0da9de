import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { type Receiver, receiverPool } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { idsAt } from './delivery-client.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: FanoutClient;
const receivers = receiverPool();

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = await connectClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receivers.stop();
});

async function sendTo({ url }: Receiver, count: number, more: object = {}): Promise<void> {
  const org = await client.createOrg();
  await client.createEndpoint(org, url, { ...more });
  const value = JSON.stringify({ event_type: 'a', owner_id: org, data: {} });
  await client.produce(...Array.from({ length: count }, (_, n) => ({ value, partition: n % 6 })));
}

test('the retries of others do not wait for an endpoint that is slow and has much to do', async () => {
  const slow = await receivers.start((_, response) => void setTimeout(() => response.end(), 3000));
  let isRefused = false;
  const other = await receivers.start((_, response) => {
    response.writeHead(isRefused ? 200 : 500).end();
    isRefused = true;
  });
  await sendTo(slow, 200);
  await expect.poll(() => slow.received.length).toBeGreaterThan(0);
  await sendTo(other, 1, { retry: { schedule_seconds: [1] } });
  await expect.poll(() => other.received.length, { timeout: 60_000 }).toBe(2);
  expect(new Set(idsAt(other)).size).toBe(1);
  // Two functions with ten attempts each would take half a minute for all of them.
  expect(new Set(idsAt(slow)).size).toBeLessThan(100);
}, 90_000);
