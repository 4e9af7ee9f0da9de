import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTransformRunner } from '../../lib/adapters/quickjs-transforms.ts';
import { type ReadDependencies, readRecords } from '../../lib/app/read-records.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { SourceConfig } from '../../lib/core/source.ts';
import { record } from '../records.ts';

const eventIds = createEventIds('test');
const dependencies: ReadDependencies = {
  source: { name: 'ingest', number: 1 },
  eventIds,
  transforms: createTransformRunner(),
  now: Date.now,
};

function config(code?: string, parts: Partial<SourceConfig> = {}): SourceConfig {
  const transform = code === undefined ? undefined : { language: 'javascript' as const, code, version: 3 };
  return { id: 'ingest', transform, transformVersions: 3, skips: [], updatedAt: '', ...parts };
}

const read = (set: SourceConfig | undefined, ...records: ReturnType<typeof record>[]) =>
  readRecords(dependencies, set, records, Date.now() + 60_000);
const event = { event_type: 'a', owner_id: 'acme', data: 1 };
const asIs = 'function transform(payload) { return payload }';

describe('without a transform', () => {
  test('each record is one event, or one quarantined record with the id it would have had', async () => {
    const good = record({ value: event, partition: 2, offset: 7 });
    const bad = record({ value: '{', partition: 2, offset: 8 });
    const { accepted, quarantined, skipped, unreached } = await read(undefined, good, bad);
    expect(accepted).toMatchObject([{ timeMs: good.timestampMs, event: { eventType: 'a' } }]);
    expect(quarantined).toMatchObject([
      { record: bad, source: 'ingest', rejection: { reason: 'invalid_json' } },
    ]);
    expect([...accepted, ...quarantined].map(({ id }) => eventIds.decode(id)?.address)).toEqual([
      { source: 1, partition: 2, offset: 7, index: 0 },
      { source: 1, partition: 2, offset: 8, index: 0 },
    ]);
    expect([skipped, unreached]).toEqual([[], []]);
  });

  test('a tombstone is quarantined', async () => {
    const { quarantined } = await read(undefined, record({}));
    expect(quarantined).toMatchObject([{ rejection: { reason: 'empty_value' } }]);
  });
});

describe('with a transform', () => {
  test('its version stands on each of the events, which have ids of their own', async () => {
    const set = config('function transform(payload) { return [payload, payload] }');
    const { accepted } = await read(set, record({ value: event, offset: 9 }));
    expect(accepted.map(({ address, transformVersion }) => [address.index, transformVersion])).toEqual([
      [0, 3],
      [1, 3],
    ]);
    expect(accepted.map(({ id }) => eventIds.decode(id)!.address.index)).toEqual([0, 1]);
  });

  test('one wrong event of several refuses the whole record, and says which', async () => {
    const set = config('function transform(payload) { return [payload, {}, payload] }');
    const { accepted, quarantined } = await read(set, record({ value: event }));
    expect(accepted).toEqual([]);
    expect(quarantined[0]!.rejection).toMatchObject({
      reason: 'invalid_event',
      detail: expect.stringMatching(/^event 2 of 3: event_type: is missing/) as string,
    });
  });

  test('null and an empty array skip the record', async () => {
    const set = config('function transform(payload) { return payload.empty ? [] : null }');
    const { skipped } = await read(set, record({ value: {} }), record({ value: { empty: true }, offset: 1 }));
    expect(skipped.map(({ address: { offset }, skippedBy }) => [offset, skippedBy.transformVersion])).toEqual(
      [
        [0, 3],
        [1, 3],
      ],
    );
  });

  test('a tombstone is null to it, and an empty value is refused before it', async () => {
    const set = config('function transform(payload) { return payload === null ? null : {} }');
    const { skipped, quarantined } = await read(set, record({}), record({ value: '', offset: 1 }));
    expect(skipped).toHaveLength(1);
    expect(quarantined).toMatchObject([{ rejection: { reason: 'empty_value' } }]);
  });

  test('record headers win over the headers that it returns', async () => {
    const set = config(
      "function transform() { return { event_type: 'a', data: 1, custom_headers: { 'x-convoy-message-type': 'single', a: '1' } } }",
    );
    const headers = { 'X-Convoy-Message-Type': 'broadcast', A: '2' };
    const { accepted } = await read(set, record({ value: {}, headers }));
    expect(accepted).toMatchObject([{ event: { target: { type: 'broadcast' }, headers: { a: '2' } } }]);
  });

  test('a key and headers that are not UTF-8 are not shown to it', async () => {
    const set = config(
      "function transform(_, context) { return { event_type: 'a', owner_id: 'acme', data: context } }",
    );
    const one = record({ value: {}, headers: { ok: 'ü', bad: Buffer.from([0xff]) } });
    const { accepted } = await read(set, { ...one, key: Buffer.from([0xff]) });
    expect(JSON.parse(accepted[0]!.event.data)).toMatchObject({ key: null, headers: { ok: 'ü' } });
    expect(accepted[0]!.event.droppedHeaders).toEqual(['bad']);
  });

  test('records that it leaves no time for are to come again, those before them not', async () => {
    const records = [0, 1, 2, 3].map((offset) => record({ value: event, offset }));
    const { accepted, unreached } = await readRecords(dependencies, config(asIs), records, Date.now() - 1);
    expect(accepted.map(({ address: { offset } }) => offset)).toEqual([0]);
    expect(unreached.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });
});

test.each([
  ['without a transform', undefined],
  ['with one', asIs],
])('an offset that an operator has skipped is quarantined unseen, %s', async (_, code) => {
  const set = config(code, { skips: [{ partition: 0, offset: 1 }] });
  const records = [0, 1].map((offset) => record({ value: event, offset }));
  const elsewhere = record({ value: event, partition: 1, offset: 1 });
  const { accepted, quarantined } = await read(set, ...records, elsewhere);
  expect(accepted).toHaveLength(2);
  expect(quarantined).toMatchObject([
    { record: { offset: 1 }, rejection: { reason: 'skipped_by_operator' } },
  ]);
});

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const values = fc.oneof(
  bytes,
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record(
      {
        event_type: fc.oneof(fc.string(), fc.constant('order.created')),
        data: fc.jsonValue(),
        owner_id: fc.oneof(fc.string(), fc.constant('acme')),
        custom_headers: fc.dictionary(fc.string(), fc.string()),
        idempotency_key: fc.string(),
      },
      { requiredKeys: [] },
    )
    .map((value) => Buffer.from(JSON.stringify(value))),
);

test.each([
  ['without a transform', undefined],
  ['with one', asIs],
])('whatever bytes come in, %s: an event, a skip, or a quarantine entry with a reason', async (_, code) => {
  const sourceRecord = fc.record({
    value: fc.option(values, { nil: undefined }),
    key: fc.option(bytes, { nil: undefined }),
    headers: fc.array(fc.tuple(fc.string(), bytes), { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(sourceRecord, async (parts) => {
      const result = await read(code === undefined ? undefined : config(code), { ...record({}), ...parts });
      expect(result.unreached).toEqual([]);
      const { accepted, skipped, quarantined } = result;
      expect(quarantined.length + skipped.length + Math.min(accepted.length, 1)).toBe(1);
      for (const { rejection } of quarantined) expect(rejection.detail).toBeTruthy();
      for (const one of accepted) JSON.parse(one.event.data);
    }),
    { numRuns: 500 },
  );
});
