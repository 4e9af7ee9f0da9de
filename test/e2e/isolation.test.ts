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

/** Takes 3 s for an answer, and counts those that were waited for. */
async function slowReceiver() {
  let answered = 0;
  const receiver = await receivers.start((_, response, socket) => {
    setTimeout(() => {
      if (!socket.destroyed) answered++;
      response.end();
    }, 3000);
  });
  return { ...receiver, answered: () => answered };
}

async function sendTo(receiver: Receiver, count: number): Promise<void> {
  const org = await client.createOrg();
  await client.createEndpoint(org, receiver.url);
  const value = JSON.stringify({ event_type: 'a', owner_id: org, data: {} });
  await client.produce(...Array.from({ length: count }, (_, n) => ({ value, partition: n % 6 })));
}

/** Of this stage's two functions for slow endpoints, one endpoint may have one. */
test('an endpoint that is slow and has much to do leaves room for another slow one', async () => {
  const [flooded, quiet] = [await slowReceiver(), await slowReceiver()];
  await sendTo(flooded, 100);
  await expect.poll(() => flooded.received.length).toBeGreaterThan(0);
  await sendTo(quiet, 1);
  await expect.poll(() => quiet.answered(), { timeout: 60_000 }).toBe(1);
  expect(new Set(idsAt(flooded)).size).toBeLessThan(50);
}, 90_000);
