import { expect, test } from 'vitest';
import { dryRunOperations } from '../../../lib/app/api/dry-run.ts';
import { createEventIds } from '../../../lib/core/event-id.ts';
import { stringifyRaw } from '../../../lib/core/raw-json.ts';
import { endpoint } from '../../endpoints.ts';

/** Lambda answers 6 MB at most, and has the body as a string within JSON. */
const mostAnswerBytes = 6_000_000;

interface Answered {
  readonly events: {
    readonly deliver_to: object[];
    readonly more_deliver_to?: number;
    readonly not_delivered: object[];
    readonly more_not_delivered?: Record<string, number>;
  }[];
  readonly more_events?: number;
}

/** A dry run of a record of which a transform makes as many events, each for 100 endpoints that take it and 50 that do not. */
async function dryRun(count: number, data: string): Promise<Answered> {
  const event = JSON.stringify({ event_type: 'a', owner_id: 'acme', data });
  const items = Array.from({ length: 150 }, (_, number) =>
    endpoint({ id: `ep_${number}`, status: number % 3 === 2 ? 'disabled' : 'active' }),
  );
  const transform = { language: 'jmespath', code: '@', version: 1 } as const;
  const config = { id: 'ingest', transform, transformVersions: 1, skips: [], updatedAt: '' };
  const dependencies = {
    known: [{ name: 'ingest', number: 1, topic: 'fanout.ingest' }],
    configs: { get: async () => config },
    pipeline: {
      eventIds: createEventIds('key'),
      transforms: { run: async () => [{ events: Array.from({ length: count }, () => event) }] },
      endpoints: { page: async () => ({ items }), byId: async () => undefined },
      claims: { holder: async () => undefined },
      filterOf: () => undefined,
      now: () => 0,
    },
    now: () => 0,
  } as unknown as Parameters<typeof dryRunOperations>[0];
  const operation = dryRunOperations(dependencies)['POST /v1/sources/{source}/dry-run']!;
  const body = { value: {}, headers: {}, partition: 0, offset: 0 };
  const caller = { role: 'operator' } as const;
  const answer = await operation.run({
    caller,
    path: { source: 'ingest' },
    query: {},
    body,
    text: '{"value":{}}',
  });
  return answer.body as Answered;
}
const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);

test('a hundred endpoints are listed over all events, and a hundred why-nots; the others are counted', async () => {
  const { events, more_events } = await dryRun(1000, 'x');
  expect(more_events).toBeUndefined();
  expect(sum(events.map(({ deliver_to }) => deliver_to.length))).toBe(100);
  expect(sum(events.map(({ more_deliver_to = 0 }) => more_deliver_to))).toBe(99_900);
  expect(sum(events.map(({ not_delivered }) => not_delivered.length))).toBe(100);
  expect(sum(events.map(({ more_not_delivered }) => more_not_delivered?.['disabled'] ?? 0))).toBe(49_900);
});

test.each(['x', '"'])('events that do not fit into an answer are counted: data of %s', async (character) => {
  const answered = await dryRun(100, character.repeat(100_000));
  expect(Buffer.byteLength(JSON.stringify(stringifyRaw(answered)))).toBeLessThan(mostAnswerBytes);
  expect(answered.events.length).toBeGreaterThan(5);
  expect(answered.events.length + answered.more_events!).toBe(100);
});
