import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patientStage } from '../local-assembly.ts';
import { type Received, receiverPool } from '../receiver.ts';
import { idsAt, startBrokenReceiver } from './delivery-client.ts';
import { connectClient, type FanoutClient } from './fanout-client.ts';
import { startTimeMachine, timedDeliveries, type TimeMachine } from './time-machine.ts';

const minute = 60_000;

let time: TimeMachine;
let client: FanoutClient;
let sqs: SQSClient;
const receivers = receiverPool();

beforeAll(async () => {
  // More invocations than attempts will hang, so that no batch waits for others.
  const stage = { ...patientStage, deliveryConcurrency: 40, slowDeliveryConcurrency: 40 };
  time = await startTimeMachine({ stage });
  client = await connectClient(time.fanout);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  sqs = new SQSClient({ endpoint: time.fanout.engines.sqsUrl, region: 'local', credentials });
});
afterAll(async () => {
  sqs?.destroy();
  await client?.stop();
  await time?.fanout.stop();
  await receivers.stop();
});

/** Produces numbered events to an org's endpoints. */
const produce = (org: string, count: number) =>
  client.produce(
    ...Array.from({ length: count }, (_, data) => ({
      value: JSON.stringify({ event_type: 'order.paid', owner_id: org, data }),
    })),
  );

/** A delivery by the URL and the event of its requests. */
const deliveryOf = ({ path, headers }: Received) => `${headers['webhook-id'] as string} ${path}`;

/**
 * Refuses the first request of each delivery. Of the later ones it leaves every other unanswered until `answerAll`: of
 * an event's endpoints every other, and of an endpoint's events, so that every batch has some of both.
 */
async function startHangingReceiver() {
  const requests = new Map<string, number>();
  const accepted = new Set<string>();
  const hanging = new Set<string>();
  let isHanging = true;
  const receiver = await receivers.start((request, response) => {
    const delivery = deliveryOf(request);
    const count = (requests.get(delivery) ?? 0) + 1;
    requests.set(delivery, count);
    if (count === 1) return void response.writeHead(500).end();
    const isOdd = (Number(request.body) + Number(request.path.slice(1))) % 2 === 1;
    if (isHanging && isOdd) return void hanging.add(delivery);
    accepted.add(delivery);
    response.end();
  });
  return {
    receiver,
    requests,
    accepted,
    hanging,
    answerAll: () => {
      isHanging = false;
    },
  };
}

test(
  'of 40 deliveries none is lost when their function is killed in the middle of batches',
  async () => {
    const { receiver, requests, accepted, hanging, answerAll } = await startHangingReceiver();
    const org = await client.createOrg();
    // Four events at ten endpoints: fewer failures each than open a circuit.
    const terms = { config: { timeout_ms: 30_000 }, retry: { schedule_seconds: [2] } };
    for (let path = 0; path < 10; path++) {
      await client.createEndpoint(org, `${receiver.url}/${path}`, terms);
    }
    await produce(org, 4);
    await expect.poll(() => requests.size).toBe(40);
    const events = [...new Set(idsAt(receiver))];
    const deliveredCount = async () => {
      const traces = await Promise.all(events.map((event) => timedDeliveries(client, event)));
      return traces.flat().filter(({ state }) => state === 'delivered').length;
    };

    // Half of each batch is delivered and written down, the other half is under way.
    await expect.poll(() => hanging.size, { timeout: minute }).toBe(20);
    await expect.poll(deliveredCount).toBe(20);
    answerAll();
    const killed = time.kill(/Deliver/);
    // The batches stay hidden in the queue for longer than it takes until their wake-ups count as lost.
    time.advance(4 * minute);
    await killed;
    expect(await time.sweep()).toBe(20);
    await expect.poll(deliveredCount).toBe(40);

    const lost = [...requests.keys()].filter((delivery) => !accepted.has(delivery));
    const repeated = [...requests].filter(([, count]) => count > 2).map(([delivery]) => delivery);
    expect({ ids: events.length, lost: lost.length, repeated: repeated.length }).toEqual({
      ids: 4,
      lost: 0,
      repeated: 20,
    });
    expect(new Set(repeated)).toEqual(hanging);
    expect(Math.max(...requests.values())).toBe(3);
    expect(await time.sweep()).toBe(0);
  },
  2 * minute,
);

/** The queue of wake-ups, and how many messages it holds back. */
async function wakeUpQueue() {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const [QueueUrl, ...others] = QueueUrls.filter((url) => /QueuesWakeUps(?!Dead)/.test(url));
  expect(others).toEqual([]);
  return {
    delayed: async () => {
      const AttributeNames = ['ApproximateNumberOfMessagesDelayed' as const];
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      return Number(Attributes!.ApproximateNumberOfMessagesDelayed);
    },
    purge: () => sqs.send(new PurgeQueueCommand({ QueueUrl })),
  };
}

test('a delivery whose wake-up was deleted from the queue is made all the same, and once', async () => {
  const receiver = await startBrokenReceiver(receivers.start);
  const org = await client.createOrg();
  await client.createEndpoint(org, receiver.url, { retry: { schedule_seconds: [60] } });
  const queue = await wakeUpQueue();
  await queue.purge();
  await produce(org, 1);
  await expect.poll(queue.delayed).toBe(1);
  const [event] = receiver.since() as [string];
  await expect.poll(() => timedDeliveries(client, event)).toMatchObject([{ state: 'queued' }]);
  const [waiting] = await timedDeliveries(client, event);
  receiver.answer(200);

  await queue.purge();
  expect(await queue.delayed()).toBe(0);
  const dueMs = Date.parse(waiting!.next_attempt_at!);
  // So early the wake-up may still come; then it counts as lost.
  time.advanceTo(dueMs + minute);
  expect(await time.sweep()).toBe(0);
  time.advanceTo(dueMs + 3 * minute);
  expect(await time.sweep()).toBe(1);

  await expect.poll(() => timedDeliveries(client, event)).toMatchObject([{ state: 'delivered' }]);
  const [delivered] = await timedDeliveries(client, event);
  expect(delivered!.attempts.map(({ status_code }) => status_code)).toEqual([500, 200]);
  time.advance(30 * minute);
  expect(await time.sweep()).toBe(0);
  const arrived = receiver.since();
  expect(new Set(arrived)).toEqual(new Set([event]));
  expect({ lost: 1 - new Set(arrived).size, repeated: arrived.length - 1 }).toEqual({ lost: 0, repeated: 0 });
});
