import { Kafka, type Message, type Producer } from 'kafkajs';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { checkAnswer, notePublished, noteRecord } from './canaries.ts';

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly contentType: string;
  readonly body: Body;
}

/** What tests read of an event's trace. */
export interface Trace {
  readonly id: string;
  readonly state: string;
  readonly duplicate_of?: string;
  readonly deliveries: readonly {
    readonly endpoint_id: string;
    readonly attempts: readonly {
      readonly status_code?: number;
      readonly partition?: number;
      readonly offset?: string;
    }[];
  }[];
  readonly not_delivered: readonly { readonly endpoint_id: string; readonly reason: string }[];
}

export interface FanoutClient {
  call<Body>(method: string, path: string, body?: unknown, key?: string): Promise<ApiAnswer<Body>>;
  /** Makes an org, and answers its id. */
  createOrg(): Promise<string>;
  /** Makes a webhook endpoint, and answers its id and secret. */
  createEndpoint(
    org: string,
    url: string,
    more?: Record<string, unknown>,
  ): Promise<{ id: string; secret: string }>;
  /** Produces to the ingest topic, all in partition 0 unless a message says otherwise. */
  produce(...messages: Message[]): Promise<void>;
  /** The trace of an event, once it is there. */
  trace(id: string): Promise<Trace>;
  stop(): Promise<void>;
}

let orgs = 0;

/** What a user does with a running Fanout: API calls with the operator key, and records. */
export async function connectClient({
  url,
  operatorKey,
  ingestTopic,
  engines,
}: Fanout): Promise<FanoutClient> {
  const producer: Producer = new Kafka(kafkaClientOptions(engines.kafka)).producer();
  await producer.connect();

  const call = async <Body>(method: string, path: string, body?: unknown, key = operatorKey) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    notePublished(`${method} ${path}`, body);
    const answer = await fetch(url + path, {
      method,
      headers,
      body: typeof body === 'object' ? JSON.stringify(body) : (body as string),
    });
    const text = await answer.text();
    const contentType = answer.headers.get('content-type') ?? '';
    const answered: unknown = text ? JSON.parse(text) : undefined;
    checkAnswer(`${method} ${path}`, body, answered);
    return { status: answer.status, contentType, body: answered as Body };
  };
  const create = async <Body>(path: string, body: unknown): Promise<Body> => {
    const answer = await call<Body>('POST', path, body);
    if (answer.status !== 201)
      throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  return {
    call,
    async createOrg() {
      const id = `org-${orgs++}`;
      await create('/v1/orgs', { id, name: `Org ${id}` });
      return id;
    },
    async createEndpoint(org, endpointUrl, more = {}) {
      const body = { type: 'webhook', ...more, config: { url: endpointUrl, ...(more['config'] as object) } };
      const { id, credentials } = await create<{ id: string; credentials: { secret: string } }>(
        `/v1/orgs/${org}/endpoints`,
        body,
      );
      return { id, secret: credentials.secret };
    },
    async produce(...messages) {
      for (const { value, headers } of messages) noteRecord(value, headers);
      const inOrder = messages.map((message) => ({ partition: 0, ...message }));
      await producer.send({ topic: ingestTopic, messages: inOrder });
    },
    async trace(id) {
      for (;;) {
        const { status, body } = await call<Trace>('GET', `/v1/events/${id}`);
        if (status === 200) return body;
        if (status !== 404) throw new Error(`GET /v1/events/${id}: ${status} ${JSON.stringify(body)}`);
        await new Promise((again) => setTimeout(again, 50));
      }
    },
    stop: () => producer.disconnect(),
  };
}
