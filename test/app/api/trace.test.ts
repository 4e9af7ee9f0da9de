import { expect, test } from 'vitest';
import { traceOperations } from '../../../lib/app/api/trace.ts';
import type { EventReader } from '../../../lib/app/ports/events.ts';
import { type Delivery, end, replay } from '../../../lib/core/delivery.ts';
import type { FirstDelivery, JournalEvent } from '../../../lib/core/journal.ts';
import { stringifyRaw } from '../../../lib/core/raw-json.ts';
import { delivery } from '../../deliveries.ts';
import { journalEvent } from '../../journal-events.ts';

/** Lambda answers 6 MB at most, and has the body as a string within JSON. */
const mostAnswerBytes = 6_000_000;

async function trace(
  event: JournalEvent,
  concerned: readonly string[] = [],
  orgId?: string,
  rows: readonly Delivery[] = [],
) {
  const events: EventReader = {
    find: async () => [{ orgId: 'acme', entry: event }],
    journalled: async () => [],
    read: async () => event,
    deliveriesOf: async () => [...rows],
    concerns: async (id, org) => org === orgId && concerned.includes(id),
  };
  const published = { named: async () => undefined };
  const orgs = { get: async () => undefined };
  const operations = traceOperations({ events, published, orgs, sources: [] });
  const operation = operations['GET /v1/events/{event}']!;
  const caller = orgId === undefined ? { role: 'operator' as const } : { role: 'tenant' as const, orgId };
  const answer = await operation.run({
    caller,
    path: { event: event.id },
    query: {},
    body: undefined,
    text: '',
  });
  return answer.body as {
    deliveries: { state: string; attempts: { excerpt?: string }[] }[];
    more_deliveries?: Record<string, number>;
    duplicate_of?: string;
  };
}
const failed = (number: number, attempts: number, excerpt: string): FirstDelivery => ({
  endpointId: `ep_${number}`,
  orgId: 'acme',
  state: 'failed',
  attempts: Array.from({ length: attempts }, (_, at) => ({
    atMs: at,
    latencyMs: 1,
    statusCode: 500,
    excerpt,
  })),
});
const many = (count: number, attempts: number, excerpt: string) =>
  Array.from({ length: count }, (_, number) => failed(number, attempts, excerpt));
const answerBytes = (body: unknown) => Buffer.byteLength(JSON.stringify(stringifyRaw(body)));

test.each([
  ['1,000 deliveries with 10 attempts', many(1000, 10, 'x'.repeat(512))],
  ['excerpts of quotes', many(1000, 10, '"'.repeat(512))],
  ['excerpts of characters with several bytes', many(1000, 10, 'é'.repeat(256))],
  ['300 attempts each', many(1000, 300, 'x'.repeat(512))],
  ['more deliveries', many(3000, 1, '')],
])('a trace fits into an answer, and counts what it leaves out: %s', async (_, deliveries) => {
  const data = JSON.stringify('"'.repeat(120_000));
  const body = await trace(journalEvent({ deliveries, data }));
  expect(answerBytes(body)).toBeLessThan(mostAnswerBytes);
  const { failed: more = 0 } = body.more_deliveries ?? {};
  expect(body.deliveries.length + more).toBe(deliveries.length);
  expect(body.deliveries.length).toBeGreaterThan(50);
});

test('the excerpts of the first deliveries stay, those of the last go before any delivery does', async () => {
  const { deliveries, more_deliveries } = await trace(
    journalEvent({ deliveries: many(1000, 10, 'x'.repeat(512)) }),
  );
  expect(more_deliveries).toBeUndefined();
  expect(deliveries).toHaveLength(1000);
  expect(deliveries[0]!.attempts[9]).toHaveProperty('excerpt');
  expect(deliveries[999]!.attempts[9]).not.toHaveProperty('excerpt');
});

test('an org is told what its event duplicates where that is its own', async () => {
  const event = journalEvent({ duplicateOf: 'theirs', target: { type: 'fanout', ownerId: 'acme' } });
  const others = await trace(event, [], 'acme');
  expect(others).toMatchObject({ state: 'duplicate' });
  expect(others).not.toHaveProperty('duplicate_of');
  expect(await trace(event, ['theirs'], 'acme')).toMatchObject({
    duplicate_of: 'theirs',
    state: 'duplicate',
  });
  expect(await trace(event)).toMatchObject({ duplicate_of: 'theirs' });
});

test('a delivery tells which replay made it again, and how many of its attempts are not kept', async () => {
  const attempts = Array.from({ length: 60 }, (_, at) => ({ atMs: at, latencyMs: 1, statusCode: 500 }));
  const once = await trace(journalEvent({ deliveries: [failed(1, 1, '')] }));
  expect(once.deliveries[0]).not.toHaveProperty('replay_id');
  expect(once.deliveries[0]).not.toHaveProperty('attempts_left_out');
  const row = end(replay(delivery({ endpointId: 'ep_1', attempts }), 9000, 'rpl_1'), 'delivered');
  const again = await trace(journalEvent({ deliveries: [failed(1, 1, '')] }), [], undefined, [row]);
  expect(again.deliveries).toMatchObject([{ replay_id: 'rpl_1', attempts_left_out: 10 }]);
  expect(again.deliveries[0]!.attempts).toHaveLength(50);
});
