import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engines, startEngines } from '../../infra/local/engines/engines.ts';
import { receiverPool } from '../receiver.ts';
import { idsAt, startBrokenReceiver } from './delivery-client.ts';
import { connectClient, type FanoutClient } from './fanout-client.ts';
import { startTimeMachine, timedDeliveries, type TimedDelivery, type TimeMachine } from './time-machine.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** Waits of up to this long are for SQS, whose time is not moved. */
const longestQueueDelay = 15 * minute;
/** How much later the sweep takes it that a wake-up in the queue was lost. */
const wakeUpGrace = 3 * minute;

let engines: Engines;
let time: TimeMachine;
let client: FanoutClient;
const receivers = receiverPool();

beforeAll(async () => {
  engines = await startEngines({ say: () => {}, fast: true });
  time = await startTimeMachine({ engines });
  client = await connectClient(time.fanout);
});
afterAll(async () => {
  await client?.stop();
  await time?.fanout.stop();
  await engines?.stop();
  await receivers.stop();
});

const produceOne = (org: string) =>
  client.produce({ value: JSON.stringify({ event_type: 'order.paid', owner_id: org, data: 1 }) });

async function theDelivery(event: string): Promise<TimedDelivery | undefined> {
  const deliveries = await timedDeliveries(client, event);
  expect(deliveries.length).toBeLessThanOrEqual(1);
  return deliveries[0];
}

/** The event's only delivery, once so many attempts are known of it. */
async function afterAttempts(event: string, count: number): Promise<TimedDelivery> {
  await expect.poll(async () => (await theDelivery(event))?.attempts.length, { timeout: minute }).toBe(count);
  return (await theDelivery(event))!;
}

const dueMs = ({ next_attempt_at }: TimedDelivery) => Date.parse(next_attempt_at!);
const lastAttemptMs = ({ attempts }: TimedDelivery) => Date.parse(attempts.at(-1)!.at);

function expectWithin(value: number, from: number, to: number): void {
  expect(value).toBeGreaterThanOrEqual(from);
  expect(value).toBeLessThan(to);
}

test(
  'an attempt due in 24 h happens once, in its minute, after restarts in between',
  async () => {
    const receiver = await startBrokenReceiver(receivers.start);
    const org = await client.createOrg();
    await client.createEndpoint(org, receiver.url, { retry: { schedule_seconds: [24 * 3600] } });
    await produceOne(org);
    await expect.poll(() => receiver.since()).toHaveLength(1);
    const [event] = receiver.since() as [string];
    const refused = await afterAttempts(event, 1);
    // Up to a tenth more is jitter.
    expectWithin(dueMs(refused) - lastAttemptMs(refused), 24 * hour, 27 * hour);
    receiver.answer(200);

    await time.untilAcknowledged();
    await time.kill(/./);
    time.advance(12 * hour);
    expect(await time.sweep()).toBe(0);

    await client.stop();
    await time.restart();
    client = await connectClient(time.fanout);
    // The clock runs on, by a minute and more where the processors are busy.
    time.advanceTo(dueMs(refused) - 5 * minute);
    expect(await time.sweep()).toBe(0);
    expect((await theDelivery(event))!.next_attempt_at).toBe(refused.next_attempt_at);
    expect(receiver.since()).toEqual([]);

    await time.kill(/./);
    time.advanceTo(dueMs(refused));
    expect(await time.sweep()).toBe(1);
    const delivered = await afterAttempts(event, 2);
    expect(delivered).toMatchObject({ state: 'delivered', next_attempt_at: null });
    expectWithin(lastAttemptMs(delivered), dueMs(refused), dueMs(refused) + 5 * minute);

    for (const later of [0, minute, 30 * minute, 2 * hour]) {
      time.advance(later);
      expect(await time.sweep()).toBe(0);
    }
    expect(receiver.since()).toEqual([event]);
  },
  4 * minute,
);

test(
  'an endpoint that always refuses gets an attempt for each wait of its schedule, each in its minute',
  async () => {
    const receiver = await receivers.start((_, response) => response.writeHead(500).end());
    const org = await client.createOrg();
    // The default one's first waits: the queue's and the sweep's. A sweep over days takes its time.
    const scheduleSeconds = [5, 5 * 60, 30 * 60, 2 * 3600];
    await client.createEndpoint(org, receiver.url, { retry: { schedule_seconds: scheduleSeconds } });
    await produceOne(org);
    await expect.poll(() => idsAt(receiver)).toHaveLength(1);
    const [event] = idsAt(receiver) as [string];

    for (const [at, waitSeconds] of scheduleSeconds.entries()) {
      const waiting = await afterAttempts(event, at + 1);
      const wait = waitSeconds * second;
      expect(waiting.state).toBe('queued');
      // Up to a tenth is jitter, and writing an attempt down takes a moment.
      expectWithin(dueMs(waiting) - lastAttemptMs(waiting), wait, wait * 1.1 + 20 * second);
      // What the queue holds back is there in real time: it is waited for, or left to the sweep as if it was lost.
      const isQueued = wait <= longestQueueDelay;
      const attemptedMs = dueMs(waiting) + (isQueued && wait >= minute ? wakeUpGrace : 0);
      if (wait >= minute) {
        time.advanceTo(attemptedMs - 2 * minute);
        expect(await time.sweep()).toBe(0);
        time.advanceTo(attemptedMs);
        expect(await time.sweep()).toBe(1);
      }
      expectWithin(lastAttemptMs(await afterAttempts(event, at + 2)), attemptedMs, attemptedMs + 5 * minute);
    }

    const failed = await afterAttempts(event, 5);
    expect(failed).toMatchObject({ state: 'failed', failure: 'attempts_exhausted', next_attempt_at: null });
    time.advance(3 * hour);
    expect(await time.sweep()).toBe(0);
    expect(idsAt(receiver)).toEqual(Array.from({ length: 5 }, () => event));
  },
  4 * minute,
);
