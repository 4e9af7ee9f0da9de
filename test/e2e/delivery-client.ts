import { expect } from 'vitest';
import { chunks } from '../../lib/core/chunks.ts';
import type { Receiver, startReceiver } from '../receiver.ts';
import type { ApiClient, List } from './api/api-client.ts';

/** A delivery as it is listed. */
export interface ListedDelivery {
  readonly id: string;
  readonly event_id: string;
  readonly state: string;
  readonly attempts: number;
}

/** A receiver that refuses everything until it is told otherwise. */
export interface BrokenReceiver {
  readonly url: string;
  /** Answers with a status from now on, or not before `release`. */
  answer(status: number | undefined): void;
  /** Answers what has waited. */
  release(): void;
  /** The ids of the events that came since the last call of `answer`. */
  since(): string[];
}

/** @param start starts the receiver, and so says who stops it */
export async function startBrokenReceiver(start: typeof startReceiver): Promise<BrokenReceiver> {
  let status: number | undefined = 500;
  let before = 0;
  const waiting: (() => void)[] = [];
  const receiver = await start((_, response) => {
    const end = () => void response.writeHead(status ?? 200).end();
    if (status === undefined) waiting.push(end);
    else end();
  });
  return {
    url: receiver.url,
    answer(next) {
      status = next;
      before = receiver.received.length;
    },
    release() {
      for (const end of waiting.splice(0)) end();
    },
    since: () => idsAt(receiver).slice(before),
  };
}

/** The ids of the events that a receiver got. */
export function idsAt({ received }: Receiver): string[] {
  return received.map(({ headers }) => headers['webhook-id'] as string);
}

/** What tests of deliveries do beside calls of the API. */
export function deliveryClient(client: ApiClient) {
  const deliveriesOf = async (org: string, query: string): Promise<ListedDelivery[]> => {
    const all: ListedDelivery[] = [];
    let cursor = '';
    for (;;) {
      const path = `/v1/orgs/${org}/deliveries?limit=100&${query}${cursor && `&cursor=${cursor}`}`;
      const { status, body } = await client.call<List<ListedDelivery>>('GET', path);
      expect(status, JSON.stringify(body)).toBe(200);
      all.push(...body.data);
      if (body.next_cursor === null) return all;
      cursor = body.next_cursor;
    }
  };
  return {
    /** Produces events of type `order.paid` to an org's endpoints, with `{"n": 0}`, `{"n": 1}` … as data. */
    async produce(org: string, count: number): Promise<void> {
      const value = (n: number) => JSON.stringify({ event_type: 'order.paid', owner_id: org, data: { n } });
      const messages = Array.from({ length: count }, (_, n) => ({ value: value(n), partition: n % 6 }));
      for (const some of chunks(messages, 250)) await client.produce(...some);
    },
    deliveriesOf,
    count: async (org: string, query: string) => (await deliveriesOf(org, query)).length,
    tenantOf: async (org: string, role = 'tenant') =>
      (await client.createKey(`/v1/orgs/${org}/keys`, { name: role, role })).key,
  };
}
