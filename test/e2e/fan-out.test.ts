import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { chunks } from '../../lib/core/chunks.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { startWatchedFanout } from './canaries.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';

const minutes = 60_000;
const endpoints = 1000;

let fanout: Fanout;
let client: FanoutClient;
let receiver: Receiver;
/** Answers nothing while it is true. */
let isSilent = false;
let org: string;

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = await connectClient(fanout);
  receiver = await startReceiver((_, response) => void (isSilent || response.end()));
  org = await client.createOrg();
  const numbers = Array.from({ length: endpoints }, (_, number) => number);
  for (const some of chunks(numbers, 20)) {
    await Promise.all(some.map((number) => client.createEndpoint(org, `${receiver.url}/${number}`)));
  }
}, 3 * minutes);
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
  await receiver?.stop();
});

function functionNamed(name: RegExp) {
  return fanout.machine.functions.find((one) => name.test(one.name))!;
}

const pathsOf = (body: string) =>
  receiver.received.filter((one) => one.body === body).map(({ path }) => path);

/** The one id that all webhooks with this body have. */
function idOf(body: string): string {
  const ids = new Set(
    receiver.received.filter((one) => one.body === body).map(({ headers }) => headers['webhook-id']),
  );
  expect(ids.size).toBe(1);
  return [...ids][0] as string;
}

interface FanOutTrace {
  readonly fan_out?: string;
  readonly state: string;
  readonly deliveries: readonly { readonly endpoint_id: string; readonly state: string }[];
}
const trace = async (id: string) => (await client.trace(id)) as unknown as FanOutTrace;

test.each([
  ['an owner', () => ({ owner_id: org })],
  ['a broadcast', () => ({ custom_headers: { 'x-convoy-message-type': 'broadcast' } })],
])(
  '%s with 1,000 endpoints: each receives the event once, and the trace shows them all',
  async (name, target) => {
    const body = JSON.stringify({ name });
    await client.produce({ value: JSON.stringify({ event_type: 'a', data: { name }, ...target() }) });

    await expect.poll(() => new Set(pathsOf(body)).size, { timeout: 2 * minutes }).toBe(endpoints);
    await expect.poll(async () => (await trace(idOf(body))).state, { timeout: minutes }).toBe('delivered');
    const { fan_out, deliveries } = await trace(idOf(body));
    expect(fan_out).toBe('done');
    expect(new Set(deliveries.map(({ endpoint_id }) => endpoint_id)).size).toBe(endpoints);
    expect(pathsOf(body)).toHaveLength(endpoints);
  },
  4 * minutes,
);

test(
  'none is missing when the ingest function and the function that fans out are killed half-way',
  async () => {
    const body = '"killed"';
    await client.produce({ value: `{"event_type":"a","owner_id":"${org}","data":${body}}` });
    await functionNamed(/Ingest/).kill();
    await expect.poll(() => pathsOf(body).length, { timeout: 2 * minutes }).toBeGreaterThan(endpoints / 4);
    await functionNamed(/FanOut/).kill();

    await expect.poll(() => new Set(pathsOf(body)).size, { timeout: 2 * minutes }).toBe(endpoints);
    await expect.poll(async () => (await trace(idOf(body))).state, { timeout: minutes }).toBe('delivered');
  },
  6 * minutes,
);

test('an event whose ingest function is killed between claim and delivery arrives, with the id it had', async () => {
  const few = await client.createOrg();
  await client.createEndpoint(few, receiver.url);
  const value = JSON.stringify({ event_type: 'a', owner_id: few, data: 'once', idempotency_key: 'one' });
  isSilent = true;
  await client.produce({ value });
  // The key is claimed by now, and nothing is written down yet.
  await expect.poll(() => pathsOf('"once"').length).toBe(1);
  await functionNamed(/Ingest/).kill();
  isSilent = false;

  await expect.poll(() => pathsOf('"once"').length).toBe(2);
  const id = idOf('"once"');
  await expect.poll(async () => (await client.trace(id)).state).toBe('delivered');
  await client.produce({ value, partition: 3 });
  const duplicates = async () =>
    (
      await client.call<{ data: { duplicate_of?: string }[] }>(
        'GET',
        `/v1/orgs/${few}/events?state=duplicate`,
      )
    ).body.data;
  await expect.poll(duplicates).toMatchObject([{ duplicate_of: id }]);
  expect(pathsOf('"once"')).toHaveLength(2);
});
