import { Kafka, type Message, type Producer } from 'kafkajs';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import type { Fanout } from '../../infra/local/fanout-local.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads what it expects out of any answer
  readonly body: any;
}

export interface FanoutClient {
  call(method: string, path: string, body?: unknown, key?: string): Promise<ApiAnswer>;
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
  trace(id: string): Promise<ApiAnswer['body']>;
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

  const call: FanoutClient['call'] = async (method, path, body, key = operatorKey) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(url + path, { method, headers, body: text });
    const answered = await answer.text();
    const contentType = answer.headers.get('content-type') ?? '';
    return {
      status: answer.status,
      contentType,
      body: contentType.includes('json') ? JSON.parse(answered) : answered,
    };
  };
  const created = async (path: string, body: unknown): Promise<ApiAnswer['body']> => {
    const answer = await call('POST', path, body);
    if (answer.status !== 201)
      throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  return {
    call,
    async createOrg() {
      const id = `org-${orgs++}`;
      await created('/v1/orgs', { id, name: `Org ${id}` });
      return id;
    },
    async createEndpoint(org, endpointUrl, more = {}) {
      const body = { type: 'webhook', ...more, config: { url: endpointUrl, ...(more['config'] as object) } };
      const { id, credentials } = await created(`/v1/orgs/${org}/endpoints`, body);
      return { id: id as string, secret: credentials.secret as string };
    },
    async produce(...messages) {
      const inOrder = messages.map((message) => ({ partition: 0, ...message }));
      await producer.send({ topic: ingestTopic, messages: inOrder });
    },
    async trace(id) {
      for (;;) {
        const { status, body } = await call('GET', `/v1/events/${id}`);
        if (status === 200) return body;
        await new Promise((again) => setTimeout(again, 50));
      }
    },
    stop: () => producer.disconnect(),
  };
}
