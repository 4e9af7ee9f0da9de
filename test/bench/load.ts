import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, type Producer } from 'kafkajs';
import { Pool } from 'undici';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import type { KafkaAccess } from '../../infra/local/engines/engines.ts';

/**
 * The load of the bench, in a process of its own: produces records and receives the webhooks they become.
 * Orders come from the bench over IPC, one at a time.
 */
export type Order =
  | {
      kind: 'prepare';
      kafka: KafkaAccess;
      topic: string;
      /** The topic of Kafka endpoints. */
      target: string;
      /** The API, and a key for it. */
      url: string;
      key: string;
    }
  | {
      kind: 'run';
      records: number;
      perSecond?: number;
      /** Each is a publish call of its own, rather than a record. */
      byCall: boolean;
      deliveriesEach: number;
      owner: string;
      bytes: number;
      /** Whether each record has an idempotency key of its own. */
      keyed: boolean;
      /** Without it, records are spread over all of them by their keys. */
      partitions?: number;
      /** Owners that get as many records together, and are not measured. */
      beside: readonly string[];
    };

export interface Result {
  seconds: number;
  delivered: number;
  lost: number;
  doubled: number;
  /** From the first webhook to the last. */
  arrivalsASecond: number;
  /** Milliseconds from just before a record was handed to the producer, or its call begun, to its webhook or topic, sorted. */
  latenciesMs: number[];
}

interface Run {
  readonly owner: string;
  /** How often each record came, by endpoint path. */
  readonly seen: Map<string, number>;
  readonly latenciesMs: number[];
  firstAtMs: number | undefined;
  lastAtMs: number;
  doubled: number;
  wanted: number;
  readonly finished: PromiseWithResolvers<void>;
}

/** How long endpoints whose path says so take for an answer. */
let run: Run | undefined;
let producer: Producer;
let topic: string;
let api: Pool;
let authorization: string;

const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [, status, ms] = /^\/slow-(\d+)-(\d+)/.exec(request.url!) ?? [];
    if (status) return void setTimeout(() => response.writeHead(Number(status)).end(), Number(ms));
    response.end();
    receive(request.url!, Buffer.concat(chunks).toString('latin1'));
  });
});

function receive(path: string, body: string): void {
  const [, owner, sentMs, number] = /"owner":"([^"]+)","sent":([\d.]+),"number":(\d+)/.exec(body)!;
  // What comes late of a former run is not this one's: each has an owner of its own.
  if (!run || owner !== run.owner) return;
  run.lastAtMs = performance.now();
  run.firstAtMs ??= run.lastAtMs;
  run.latenciesMs.push(run.lastAtMs - Number(sentMs));
  const name = `${path} ${number}`;
  const times = (run.seen.get(name) ?? 0) + 1;
  run.seen.set(name, times);
  if (times > 1) run.doubled++;
  if (run.seen.size === run.wanted) run.finished.resolve();
}

async function prepare(order: Extract<Order, { kind: 'prepare' }>): Promise<string> {
  const kafka = new Kafka(kafkaClientOptions(order.kafka));
  producer = kafka.producer();
  await producer.connect();
  topic = order.topic;
  api = new Pool(order.url, { connections: 50, pipelining: 1 });
  authorization = `Bearer ${order.key}`;
  await consume(kafka, order.target);
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
}

/** What arrives in the topic of Kafka endpoints. */
async function consume(kafka: Kafka, target: string): Promise<void> {
  const consumer = kafka.consumer({ groupId: 'bench', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: target, fromBeginning: true });
  const joined = Promise.withResolvers<void>();
  consumer.on('consumer.group_join', () => joined.resolve());
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) receive('kafka', value!.toString('latin1'));
      return Promise.resolve();
    },
  });
  await joined.promise;
}

async function load(order: RunOrder): Promise<Result> {
  const { records, deliveriesEach, perSecond } = order;
  const finished = Promise.withResolvers<void>();
  run = {
    owner: order.owner,
    seen: new Map(),
    latenciesMs: [],
    firstAtMs: undefined,
    lastAtMs: 0,
    doubled: 0,
    wanted: records * deliveriesEach,
    finished,
  };
  const began = performance.now();
  if (perSecond) await produceSteadily(order, perSecond, began);
  else await produceAtOnce(order);
  // What has not come a minute after the last record was sent counts as lost.
  await Promise.race([finished.promise, wait(60_000, undefined, { ref: false })]);
  const { seen, latenciesMs, firstAtMs = 0, lastAtMs, doubled, wanted } = run;
  run = undefined;
  return {
    seconds: (performance.now() - began) / 1000,
    delivered: seen.size,
    lost: wanted - seen.size,
    doubled,
    arrivalsASecond: (seen.size - 1) / ((lastAtMs - firstAtMs) / 1000),
    latenciesMs: latenciesMs.sort((one, other) => one - other),
  };
}

type RunOrder = Extract<Order, { kind: 'run' }>;

function dataOf({ bytes }: RunOrder, number: number, owner: string): string {
  const data = `{"owner":"${owner}","sent":${performance.now()},"number":${number},"padding":"`;
  return `${data}${'x'.repeat(Math.max(bytes - data.length - 50, 0))}"}`;
}

function message(order: RunOrder, number: number, owner = order.owner) {
  const key = order.keyed ? `"idempotency_key":"${owner}-${number}",` : '';
  const value = `{"event_type":"bench",${key}"owner_id":"${owner}","data":${dataOf(order, number, owner)}}`;
  const partition = order.partitions === undefined ? undefined : number % order.partitions;
  return { key: String(number), value, ...(partition !== undefined && { partition }) };
}

/** What is refused is lost. */
async function publish(order: RunOrder, number: number): Promise<void> {
  const { body } = await api.request({
    method: 'POST',
    path: `/v1/orgs/${order.owner}/events`,
    headers: { authorization, 'content-type': 'application/json' },
    body: `{"event_type":"bench","data":${dataOf(order, number, order.owner)}}`,
  });
  await body.dump();
}

async function produceAtOnce(order: RunOrder): Promise<void> {
  const chunk = 500;
  for (let from = 0; from < order.records; from += chunk) {
    const messages = Array.from({ length: Math.min(chunk, order.records - from) }, (_, at) =>
      message(order, from + at),
    );
    await producer.send({ topic, messages, acks: -1 });
  }
}

async function produceSteadily(order: RunOrder, perSecond: number, began: number): Promise<void> {
  const sends: Promise<unknown>[] = [];
  for (let number = 0; number < order.records; number++) {
    const dueMs = began + (number * 1000) / perSecond - performance.now();
    if (dueMs > 0) await wait(dueMs);
    if (order.byCall) {
      sends.push(publish(order, number));
      continue;
    }
    const messages = [message(order, number)];
    const { beside } = order;
    if (beside.length > 0) messages.push(message(order, number, beside[number % beside.length]));
    sends.push(producer.send({ topic, messages, acks: -1 }));
  }
  await Promise.all(sends);
}

process.on('message', (order: Order) => {
  const work = order.kind === 'prepare' ? prepare(order) : load(order);
  work.then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: String(error.stack) }),
  );
});
process.on('disconnect', () => process.exit(0));
