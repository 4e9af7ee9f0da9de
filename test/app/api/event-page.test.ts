import { expect, test } from 'vitest';
import { type EventPageDependencies, readEventPage } from '../../../lib/app/api/event-page.ts';
import type { FanOutStanding, ListedEvent } from '../../../lib/app/ports/event-lists.ts';
import { journalEvent } from '../../journal-events.ts';

const request = { orgId: 'acme', sinceMs: 0, untilMs: 1, limit: 100 };

/** Lists as many events, each fanned out, and counts how many are looked into. A look takes some time. */
function listOf(count: number, standing: FanOutStanding, lookMs = 0) {
  const looked: string[] = [];
  const asked: (string | undefined)[] = [];
  let nowMs = 0;
  const events: ListedEvent[] = Array.from({ length: count }, (_, n) =>
    journalEvent({ id: `event-${n}`, eventType: n % 10 === 0 ? 'wanted' : 'other', fanOut: 'running' }),
  );
  const dependencies: EventPageDependencies = {
    lists: {
      async list({ cursor, limit }) {
        const from = cursor === undefined ? 0 : Number(cursor);
        const entries = events
          .slice(from, from + limit)
          .map((entry, at) => ({ entry, cursor: String(from + at + 1) }));
        const isMore = from + limit < count;
        return { entries, ...(isMore && { nextCursor: entries.at(-1)!.cursor }) };
      },
      async fanOuts(some, orgId) {
        looked.push(...some.map(({ id }) => id));
        asked.push(orgId);
        nowMs += lookMs;
        return some.map(() => standing);
      },
      ofRecord: async () => [],
      byId: async () => undefined,
    },
    events: { concerns: async () => true },
    deliveries: { read: async () => [] },
    now: () => nowMs,
  };
  return { dependencies, looked, asked };
}
const done = { fanOut: 'done', states: { delivered: 3, failed: 1 } } as const;

test('only fan-outs of events that are asked for are looked into', async () => {
  const { dependencies, looked, asked } = listOf(200, done);
  const matches = (entry: object) => 'eventType' in entry && entry.eventType === 'wanted';
  const { entries } = await readEventPage(dependencies, request, { matches });
  expect(entries).toHaveLength(20);
  expect(looked).toHaveLength(20);
  expect(new Set(asked)).toEqual(new Set(['acme']));
});

test('an event is as its fan-out stands', async () => {
  const { entries } = await readEventPage(listOf(1, done).dependencies, request, {});
  expect(entries).toMatchObject([
    { state: 'failed', states: { delivered: 3, failed: 1 }, entry: { fanOut: 'done' } },
  ]);
  const running = { fanOut: 'running', states: { delivered: 3 } } as const;
  const page = await readEventPage(listOf(1, running).dependencies, request, {});
  expect(page.entries).toMatchObject([{ state: 'queued' }]);
});

test.each([undefined, 'failed', 'held'] as const)(
  'a page whose fan-outs take long ends early, and the next goes on behind it: state %s',
  async (state) => {
    const { dependencies, looked } = listOf(100, done, 3_000);
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await readEventPage(dependencies, { ...request, cursor }, { state });
      seen.push(...page.entries.map(({ entry }) => entry.id));
      cursor = page.nextCursor;
      pages++;
    } while (cursor !== undefined);
    expect(pages).toBe(10);
    expect(looked).toHaveLength(100);
    expect(new Set(looked).size).toBe(100);
    expect(seen).toEqual(state === 'held' ? [] : looked);
  },
);
