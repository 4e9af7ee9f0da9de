import { type Mock, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BatchDependencies, ingestBatch } from '../../lib/app/ingest-batch.ts';
import type { IngestResult } from '../../lib/app/ports/events.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';
import { record } from '../records.ts';

const open = {
  passage: () => ({ is: 'open' as const }),
  report: async () => {},
  lane: () => 'usual' as const,
  isFast: () => true,
};
let written: IngestResult[];
let endpoints: Endpoint[];
let dependencies: BatchDependencies;
let read: Mock<BatchDependencies['sources']['read']>;
let fanOut: Mock<BatchDependencies['fanOutQueue']['send']>;

beforeEach(() => {
  written = [];
  read = vi.fn(async () => undefined);
  fanOut = vi.fn(async () => {});
  endpoints = [endpoint({ id: 'ep_1' })];
  dependencies = {
    source: { name: 'ingest', number: 1 },
    sources: { read },
    slots: { reserve: vi.fn(async () => Date.now()) },
    rateLimit: 1000,
    inlineBudgetMs: 1000,
    eventIds: createEventIds('test'),
    transforms: { run: async () => [], check: async () => undefined },
    endpoints: {
      byId: async (id) => endpoints.find((one) => one.id === id),
      page: async () => ({ items: endpoints }),
      disableGone: async () => {},
      mark: async () => {},
    },
    claims: {
      claim: async (_, claims) => claims.map(({ eventId }) => eventId),
      holder: async () => undefined,
    },
    filterOf: () => undefined,
    gate: open,
    watch: { record: () => {} },
    sender: { attempt: async () => ({ atMs: 1, latencyMs: 1, statusCode: 200 }) },
    store: { write: async (result) => void written.push(result) },
    wakeUps: { send: async () => {} },
    deliveries: { replace: async () => true },
    fanOutQueue: { send: fanOut },
    now: Date.now,
    heldMs: 1000,
    random: () => 0,
  };
});

const records = (count: number, data: unknown = 1) =>
  Array.from({ length: count }, (_, offset) =>
    record({ value: { event_type: 'a', owner_id: 'acme', data }, offset }),
  );
const offsets = (list: readonly { readonly offset: number }[]) => list.map(({ offset }) => offset);
const writtenOffsets = () =>
  written.flatMap(({ events }) => events.map(({ address }) => address.offset)).sort((a, b) => a - b);

describe('with a rate limit', () => {
  test('records go on in pieces of a quarter of a second, each with what is set by then', async () => {
    const { counts, unreached } = await ingestBatch(dependencies, records(600));
    expect([counts.delivered, unreached]).toEqual([600, []]);
    expect(written.map(({ events }) => events.length)).toEqual([250, 250, 100]);
    expect(read).toHaveBeenCalledTimes(4);
  });

  test('a silent endpoint holds up no other piece', async () => {
    const answered = Promise.withResolvers<void>();
    const began: string[] = [];
    const slow: BatchDependencies['sender'] = {
      attempt: async (_, id) => {
        began.push(id);
        if (began.length === 600) answered.resolve();
        await answered.promise;
        return { atMs: 1, latencyMs: 1, statusCode: 200 };
      },
    };
    // Nobody is answered before everybody was asked: pieces that wait for one another would never end.
    const { counts } = await ingestBatch({ ...dependencies, sender: slow }, records(600));
    expect(counts.delivered).toBe(600);
  });

  test('a batch whose time would come too late comes again, all of it', async () => {
    const full = { ...dependencies, slots: { reserve: async () => undefined } };
    const { unreached } = await ingestBatch(full, records(10));
    expect(offsets(unreached)).toEqual(offsets(records(10)));
    expect(written).toEqual([]);
  });

  test('of a batch that is too large for the rate only a part takes its time', async () => {
    const reserve = vi.fn<BatchDependencies['slots']['reserve']>(async () => undefined);
    await ingestBatch({ ...dependencies, rateLimit: 3, slots: { reserve } }, records(1000));
    const [, durationMs, latestMs] = reserve.mock.calls[0]!;
    expect(durationMs).toBe(21_000);
    expect(latestMs).toBeGreaterThan(Date.now());
  });

  test('from a piece that fails on the records come again, and those before it do not', async () => {
    let writes = 0;
    const store: BatchDependencies['store'] = {
      write: async (result) => {
        if (++writes === 2) throw new Error('the table is down');
        written.push(result);
      },
    };
    const { unreached, failure, counts } = await ingestBatch({ ...dependencies, store }, records(600));
    expect(unreached[0]!.offset).toBe(250);
    expect(failure).toEqual(new Error('the table is down'));
    expect(counts.records).toBe(350);
  });

  test('a first piece that fails is the batch’s failure', async () => {
    const store = { write: async () => Promise.reject(new Error('the table is down')) };
    await expect(ingestBatch({ ...dependencies, store }, records(10))).rejects.toThrow('the table is down');
  });
});

describe('what one invocation takes on is bounded', () => {
  const unlimited = () => ({ ...dependencies, rateLimit: undefined });

  test('in data: records beyond 32 MiB come again', async () => {
    const { unreached } = await ingestBatch(unlimited(), records(200, 'x'.repeat(250_000)));
    expect(written[0]!.events.length).toBeLessThan(140);
    expect(offsets(unreached)[0]).toBe(written[0]!.events.length);
    expect(writtenOffsets().length + unreached.length).toBe(200);
  });

  test('in events: a transform that makes a thousand of each record', async () => {
    const event = JSON.stringify({ event_type: 'a', owner_id: 'acme', data: 1 });
    const many = Array.from({ length: 1000 }, () => event);
    const run: BatchDependencies['transforms']['run'] = async (_, inputs) =>
      inputs.map(() => ({ events: many }));
    const transform = { language: 'javascript' as const, code: '', version: 1 };
    const sources = {
      read: async () => ({ id: 'ingest', transform, transformVersions: 1, skips: [], updatedAt: '' }),
    };
    const bounded = { ...unlimited(), sources, transforms: { ...dependencies.transforms, run } };
    const { unreached } = await ingestBatch(bounded, records(50));
    expect(written[0]!.events).toHaveLength(2000);
    expect(offsets(unreached)).toEqual(offsets(records(50)).slice(2));
  });

  test('in deliveries: events beyond them are fanned out by jobs', async () => {
    endpoints = Array.from({ length: 100 }, (_, number) => endpoint({ id: `ep_${number}` }));
    const { counts } = await ingestBatch(unlimited(), records(60));
    expect([counts.delivered, counts.fanOuts]).toEqual([5000, 10]);
    const fannedOut = written[0]!.events.filter(({ fanOut }) => fanOut).map(({ id }) => id);
    expect(fanOut).toHaveBeenCalledWith(fannedOut);
  });
});
