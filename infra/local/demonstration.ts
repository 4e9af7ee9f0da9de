import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { Webhook } from 'standardwebhooks';
import { kafkaClientOptions } from './engines/kafka-client.ts';
import type { Fanout } from './fanout-local.ts';
import { rejectAfter } from './http-api/time-limit.ts';

/** Long enough for cold functions on a busy laptop, short enough for a person. */
const patienceMs = 20_000;

const org = { id: 'demo', name: 'Demonstration' };

/** A record in the reference format, for the endpoints of an owner. */
const record = {
  event_type: 'order.created',
  data: { order: 4711, total: '12.50', currency: 'EUR' },
  owner_id: org.id,
};

interface WebhookRequest {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly atMs: number;
}

/** The part of an event's trace that is shown. */
interface Trace {
  readonly id: string;
  readonly state: string;
  readonly time: string;
  readonly event_type: string;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number | string };
  readonly target: { readonly type: string; readonly owner_id?: string };
  readonly deliveries: readonly {
    readonly endpoint_id: string;
    readonly state: string;
    readonly attempts: readonly {
      readonly at: string;
      readonly latency_ms: number;
      readonly status_code?: number;
    }[];
  }[];
}

/**
 * Sends one record through everything: an org and an endpoint made through the API, a record on the ingest topic, a
 * webhook with a signature that verifies, and the trace of the event. The org and the endpoint stay.
 * @throws Error that says which step did not work
 */
export async function demonstrate(fanout: Fanout, say: (line: string) => void): Promise<void> {
  const receiver = await startReceiver();
  try {
    await callApi(fanout, 'POST /v1/orgs', org);
    const endpoint = await callApi<{ id: string; credentials: { secret: string } }>(
      fanout,
      `POST /v1/orgs/${org.id}/endpoints`,
      { type: 'webhook', event_types: ['order.*'], config: { url: receiver.url } },
    );
    const producedMs = Date.now();
    await produce(fanout);
    const webhook = await rejectAfter(
      patienceMs,
      receiver.request,
      () => new Error(`no webhook came within ${patienceMs / 1000} s`),
    );
    new Webhook(endpoint.credentials.secret).verify(webhook.body, webhook.headers);
    const id = webhook.headers['webhook-id']!;
    const trace = await finishedTrace(fanout, id);
    storyOf(trace, webhook, producedMs, receiver.url).forEach(say);
  } finally {
    receiver.stop();
  }
}

/** What happened, a step a line: its name, what it was, and the milliseconds since the record was sent. */
function storyOf(trace: Trace, webhook: WebhookRequest, producedMs: number, url: string): string[] {
  const { topic, partition, offset } = trace.source;
  const delivery = trace.deliveries[0];
  const attempt = delivery?.attempts.at(-1);
  const since = (atMs: number) => Math.max(0, atMs - producedMs);
  const steps: [name: string, what: string, ms: number | undefined][] = [
    ['record', `${topic}, partition ${partition}, offset ${offset}`, 0],
    ['event', `${trace.id} ${trace.event_type}`, undefined],
    [
      'routed',
      `${trace.target.type} to ${trace.target.owner_id ?? 'all'}: endpoint ${delivery?.endpoint_id}`,
      undefined,
    ],
    ['webhook', `POST ${url}, ${webhook.body.length} bytes`, since(webhook.atMs)],
    ['signature', 'verified by standardwebhooks, as a receiver would', undefined],
    [
      'answer',
      `${attempt?.status_code ?? 'none'}, so the delivery is ${delivery?.state}`,
      attempt && since(Date.parse(attempt.at) + attempt.latency_ms),
    ],
    ['trace', `GET /v1/events/${trace.id}: ${trace.state}`, undefined],
  ];
  const widest = Math.max(...steps.map(([, what]) => what.length));
  return steps.map(
    ([name, what, ms]) =>
      `  ${name.padEnd(10)} ${ms === undefined ? what : `${what.padEnd(widest)}  ${String(ms).padStart(4)} ms`}`,
  );
}

/** A webhook endpoint on loopback that accepts whatever comes and keeps the first request. */
async function startReceiver(): Promise<{ url: string; request: Promise<WebhookRequest>; stop(): void }> {
  const { promise, resolve } = Promise.withResolvers<WebhookRequest>();
  const server = createServer((request, response) => {
    const atMs = Date.now();
    void text(request).then((body) => {
      resolve({ headers: request.headers as Record<string, string>, body, atMs });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/orders`, request: promise, stop };
}

async function produce({ engines, ingestTopic }: Fanout): Promise<void> {
  const producer = new kafkajs.Kafka(kafkaClientOptions(engines.kafka)).producer();
  await producer.connect();
  try {
    await producer.send({ topic: ingestTopic, messages: [{ value: JSON.stringify(record) }] });
  } finally {
    await producer.disconnect();
  }
}

/** The trace once its delivery is done: it is written after the webhook was answered. */
async function finishedTrace(fanout: Fanout, id: string): Promise<Trace> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const trace = await callApi<Trace>(fanout, `GET /v1/events/${id}`).catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (trace?.state === 'delivered') return trace;
    if (Date.now() > deadline) throw new Error(`the event is still ${trace?.state ?? 'unknown'}`);
    await sleep(50);
  }
}

async function callApi<Answer>({ url, operatorKey }: Fanout, call: string, body?: object): Promise<Answer> {
  const [method, path] = call.split(' ') as [string, string];
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${call} answered ${response.status}: ${answer}`);
  return JSON.parse(answer) as Answer;
}
