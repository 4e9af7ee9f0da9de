import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamingExample } from '../documented-events.ts';
import { freeze } from '../freeze.ts';
import { problem } from './api/api-client.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';
import { ledgerEvent, publishClient, readStream } from './publish-client.ts';
import { streamClient } from './stream-client.ts';
import { type TimeMachine, startTimeMachine } from './time-machine.ts';

/** How long nobody else takes over a call that was cut off. */
const leaseMs = 35_000;
let time: TimeMachine;
let client: FanoutClient;
let streams: ReturnType<typeof streamClient>;
let publish: ReturnType<typeof publishClient>['publish'];
let countIn: ReturnType<typeof publishClient>['countIn'];

beforeAll(async () => {
  time = await startTimeMachine();
  client = await connectClient(time.fanout);
  streams = streamClient(client);
  ({ publish, countIn } = publishClient(time.fanout));
});
afterAll(async () => {
  await client?.stop();
  await time?.fanout.stop();
});

// Only a broker that runs as a process of ours can be killed or frozen.
describe('a broker', { timeout: 120_000 }, () => {
  const broker = () => time.fanout.engines.processes.find(({ name }) => name === 'kafka');

  test('that is down costs a 503 in time; once it is up, the same call results in one event', async ({
    skip,
  }) => {
    const kafka = broker() ?? skip('Kafka is not a process of ours');
    const { org } = await streams.create();
    await publish(`${org}/notifications`, streamingExample);
    await kafka.kill();
    const text = streamingExample.replace(/fbec\w+/, 'other');
    const down = await publish(`${org}/notifications`, text, 'key');
    expect(down).toMatchObject({ status: 503, ...problem('unavailable') });
    expect(down.body.detail).toContain('the same call with the same Idempotency-Key');
    await kafka.restart();
    const up = await publish(`${org}/notifications`, text, 'key');
    expect(up).toMatchObject({ status: 202, body: { records: [{ offset: '1' }] } });
    expect(await publish(`${org}/notifications`, text, 'key')).toEqual(up);
    expect(await countIn(`${org}.notifications`)).toBe(2);
  });

  test('that has records of a function that is killed before it answers gets them again with the same ids', async ({
    skip,
  }) => {
    const kafka = broker() ?? skip('Kafka is not a process of ours');
    const { org, stream, credentials } = await streams.create();
    await publish(`${org}/ledger-events`, ledgerEvent('l', 0));
    await freeze(kafka.pid);
    const text = `[${ledgerEvent('l', 1)},${ledgerEvent('l', 2)}]`;
    const cut = publish(`${org}/ledger-events`, text, 'key');
    const again = () => publish(`${org}/ledger-events`, text, 'key');
    try {
      await expect
        .poll(again, { interval: 200 })
        .toMatchObject({ status: 409, ...problem('call_in_flight') });
      await time.kill(/Publish/);
      expect((await cut).status).toBe(500);
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }
    expect(await again()).toMatchObject({ status: 409 });
    time.advance(leaseMs);
    const { status, body } = await again();
    expect(status).toBe(202);
    const stored = await readStream(stream, credentials, `${org}.ledger`, await countIn(`${org}.ledger`));
    const ids = stored.slice(1).map(({ headers }) => headers['event-id']!);
    expect(new Set(ids)).toEqual(new Set(body.records.map(({ id }) => id)));
    expect(ids.slice(-2)).toEqual(body.records.map(({ id }) => id));
  });
});
