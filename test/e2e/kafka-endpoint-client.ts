import { expect } from 'vitest';
import type { Engines } from '../../infra/local/engines/engines.ts';
import type { Trace } from './fanout-client.ts';
import type { ApiClient } from './api/api-client.ts';

export interface KafkaEndpointBody {
  readonly id: string;
  readonly config: Record<string, unknown>;
  readonly credentials: { readonly username: string; readonly password: string };
}

export const data = '{"order_id": "123", "status": "created", "total": 12345678901234567890}';

/** When events happen here: the test's hour is the one that lists show. */
export const eventTimeMs = Date.now() - 1234;

/** What tests of Kafka endpoints do with a running Fanout. */
export function kafkaEndpointClient(client: ApiClient, { kafka }: Engines) {
  return {
    /** The reference page's request, for the local broker. */
    endpoint(topic: string, config: object = {}, credentials: object = {}) {
      const { bootstrapServers: brokers, username, password } = kafka;
      return {
        type: 'kafka',
        event_types: ['orders'],
        config: { brokers, topic, sasl_mechanism: 'scram-sha-256', tls: 'false', ...config },
        credentials: { username, password, ...credentials },
        retry: { schedule_seconds: [1] },
      };
    },

    async create(org: string, body: object): Promise<KafkaEndpointBody> {
      const answer = await client.call<KafkaEndpointBody>('POST', `/v1/orgs/${org}/endpoints`, body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return answer.body;
    },

    /** Produces a record that becomes an event of the org. */
    async ingest(org: string, text = data): Promise<void> {
      const headers = '{"Source": "checkout-service", "event-id": "not-ours", "CONTENT-TYPE": "text/plain"}';
      const value = `{"event_type": "orders", "owner_id": "${org}", "data": ${text}, "custom_headers": ${headers}}`;
      await client.produce({ value, timestamp: String(eventTimeMs) });
    },

    /** What the org's only event came to. */
    async traceOf(org: string): Promise<Trace | undefined> {
      const path = `/v1/orgs/${org}/events`;
      const { status, body } = await client.call<{ data: { id: string }[] }>('GET', path);
      expect(status, JSON.stringify(body)).toBe(200);
      return body.data.length === 1 ? client.trace(body.data[0]!.id) : undefined;
    },
  };
}
