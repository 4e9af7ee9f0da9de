import { setTimeout as wait } from 'node:timers/promises';
import { type Consumer, Kafka } from 'kafkajs';
import { Pool } from 'undici';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import type { KafkaAccess } from '../../infra/local/engines/engines.ts';

/**
 * The load of the publish bench, in a process of its own: calls the API, and reads the topics that its events go to.
 * Orders come from the bench over IPC, one at a time.
 */
export type PublishOrder =
  | { kind: 'prepare'; kafka: KafkaAccess; url: string; key: string; topics: readonly string[] }
  | { kind: 'run'; org: string; flows: readonly Flow[] };

/** Calls of one kind. */
export interface Flow {
  readonly path: 'notifications' | 'prices';
  readonly calls: number;
  /** Events of a call; one goes without a bundle. */
  readonly events: number;
  /** Calls that are begun in a second; without it, as many as the connections take. */
  readonly perSecond?: number;
  readonly keyed: boolean;
}

/** What became of a flow. Times are milliseconds, sorted. */
export interface FlowResult {
  readonly seconds: number;
  /** Answers other than 202, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** From the call to its answer. */
  readonly answerMs: readonly number[];
  /** From the call to the event in its topic, as a consumer gets it. */
  readonly visibleMs: readonly number[];
}

/** Of all flows together. */
const connections = 50;
/** What a consumer has not seen so long after the last answer is lost. */
const latestMs = 10_000;

let pool: Pool;
let authorization: string;
let consumer: Consumer;
const runId = Math.random().toString(36).slice(2);
let flows = 0;
/** When events of the flow that are not in their topic yet were sent, by id. */
const pending = new Map<string, { readonly sentMs: number; readonly seen: number[] }>();

async function prepare({ kafka, url, key, topics }: Extract<PublishOrder, { kind: 'prepare' }>) {
  pool = new Pool(url, { connections, pipelining: 1 });
  authorization = `Bearer ${key}`;
  consumer = new Kafka(kafkaClientOptions(kafka)).consumer({ groupId: 'bench-publish', maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  const joined = Promise.withResolvers<void>();
  consumer.on('consumer.group_join', () => joined.resolve());
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { headers } of batch.messages) see(String(headers!['event-id']));
      return Promise.resolve();
    },
  });
  await joined.promise;
}

function see(id: string): void {
  const sent = pending.get(id);
  if (!sent || !pending.delete(id)) return;
  sent.seen.push(performance.now() - sent.sentMs);
}

async function run({ org, flows: all }: Extract<PublishOrder, { kind: 'run' }>): Promise<FlowResult[]> {
  pending.clear();
  const results = await Promise.all(all.map((flow) => load(org, flow)));
  const endMs = performance.now() + latestMs;
  while (pending.size > 0 && performance.now() < endMs) await wait(20);
  const ascending = (one: number, other: number) => one - other;
  return results.map(({ answerMs, visibleMs, ...rest }) => ({
    ...rest,
    answerMs: answerMs.sort(ascending),
    visibleMs: visibleMs.sort(ascending),
  }));
}

async function load(org: string, flow: Flow) {
  const { calls, perSecond } = flow;
  const name = `${runId}-${flows++}`;
  const result = {
    answerMs: [] as number[],
    visibleMs: [] as number[],
    refused: {} as Record<string, number>,
  };
  const began = performance.now();
  const one = async (number: number) => {
    const sentMs = performance.now();
    const status = await publish(org, flow, `${name}-${number}`, sentMs, result.visibleMs);
    result.answerMs.push(performance.now() - sentMs);
    if (status !== 202) result.refused[status] = (result.refused[status] ?? 0) + 1;
  };
  if (perSecond === undefined) {
    const numbers = Array(calls).keys();
    const worker = async () => {
      for (const number of numbers) await one(number);
    };
    await Promise.all(Array.from({ length: connections }, worker));
  } else {
    const begun: Promise<void>[] = [];
    for (let number = 0; number < calls; number++) {
      const dueMs = began + (number * 1000) / perSecond - performance.now();
      if (dueMs > 0) await wait(dueMs);
      begun.push(one(number));
    }
    await Promise.all(begun);
  }
  return { ...result, seconds: (performance.now() - began) / 1000 };
}

async function publish(
  org: string,
  { path, events, keyed }: Flow,
  name: string,
  sentMs: number,
  seen: number[],
): Promise<number> {
  const texts = Array.from({ length: events }, (_, at) => {
    const id = `${name}-${at}`;
    pending.set(id, { sentMs, seen });
    const object = { id: name, isin: 'US0378331005', price: '187.44', currency: 'EUR' };
    return JSON.stringify({ id, created_at: '2026-11-21T14:00:00Z', type: 'PRICE.UPDATED', object });
  });
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: `/v1/orgs/${org}/${path}`,
    headers: {
      authorization,
      'content-type': 'application/json',
      ...(keyed && { 'idempotency-key': name }),
    },
    body: events === 1 ? texts[0] : `{"payload":[${texts.join()}]}`,
  });
  await body.dump();
  return statusCode;
}

process.on('message', (order: PublishOrder) => {
  const work = order.kind === 'prepare' ? prepare(order) : run(order);
  work.then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: String(error.stack) }),
  );
});
process.on('disconnect', () => process.exit(0));
