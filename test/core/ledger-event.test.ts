import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLedgerEvents } from '../../lib/core/ledger-event.ts';
import { ledgerEventTypes } from '../../lib/core/ledger-payloads.ts';
import { ledgerExample as reference } from '../documented-events.ts';
import {
  commits,
  date,
  eventsOf,
  faultsOf,
  pathsOf,
  payloadsV1,
  payloadsV2,
  posting,
  saved,
  saves,
  transactionV1,
  v1,
  v1Point10,
  v1Point8,
  v2,
} from '../ledger-events.ts';

test('the documented event is accepted as it stands', () => {
  expect(eventsOf(reference)).toEqual([
    {
      type: 'COMMITTED_TRANSACTIONS',
      ledger: 'example-ledger-1',
      date: '2022-05-12T14:31:07.808419+02:00',
      value: reference,
      shape: 'v1.3',
    },
  ]);
});

describe('each type in each shape', () => {
  const ofV1 = Object.entries(payloadsV1);
  test.each([
    ...ofV1.map(([type, payload]) => ['v1.3', type, v1(type, payload)] as const),
    ...ofV1.map(([type, payload]) => ['v1.3', type, v1Point8(type, payload)] as const),
    ...ofV1.map(([type, payload]) => ['v1.10', type, v1Point10(type, payload)] as const),
    ...Object.entries(payloadsV2).map(([type, payload]) => ['v2', type, v2(type, payload)] as const),
  ])('%s: %s is understood', (shape, type, event) => {
    const value = JSON.stringify(event);
    expect(eventsOf(value)).toEqual([{ type, ledger: 'main', date, value, shape }]);
  });

  test.each([
    ...Object.keys(payloadsV2).filter((type) => !(type in payloadsV1)),
    'committed_transactions',
    'toString',
    7,
  ])('%s is no type of v1', (type) => {
    expect(faultsOf({ ...saves, type })).toEqual([
      'type: must be COMMITTED_TRANSACTIONS or SAVED_METADATA or UPDATED_MAPPING or REVERTED_TRANSACTION',
    ]);
  });

  test('UPDATED_MAPPING is no type of v2', () => {
    expect(pathsOf(v2('UPDATED_MAPPING', payloadsV1.UPDATED_MAPPING))).toEqual(['type']);
  });
});

describe('an idempotency key', () => {
  test.each([
    ['key-1', 'key-1'],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j of v2 reads as %j', (idempotency_key, expected) => {
    const event = { ...v2('SAVED_METADATA', saved), idempotency_key };
    expect(eventsOf(JSON.stringify(event))[0]!.idempotencyKey).toBe(expected);
  });

  test('is one of v2 only, and has at most 256 characters', () => {
    expect(eventsOf(JSON.stringify({ ...saves, idempotency_key: 'a' }))[0]).not.toHaveProperty(
      'idempotencyKey',
    );
    for (const idempotency_key of ['x'.repeat(257), 'é', '\ud800', 'a\n', 7]) {
      const event = { ...v2('SAVED_METADATA', saved), idempotency_key };
      expect(pathsOf(event), JSON.stringify(idempotency_key)).toEqual(['idempotency_key']);
    }
  });

  test('is of one event of its ledger: a repeat is taken once, and what says something else is refused', () => {
    const keyed = (ledger: string, more: object = {}) => {
      const event = v2('SAVED_METADATA', saved);
      return { ...event, idempotency_key: 'a', payload: { ...event.payload, ledger, ...more } };
    };
    const both = JSON.stringify([keyed('eu'), keyed('us'), keyed('eu')]);
    expect(eventsOf(both).map(({ ledger }) => ledger)).toEqual(['eu', 'us']);
    expect(pathsOf([keyed('eu'), keyed('eu', { targetId: 'other' })])).toEqual(['[1].idempotency_key']);
    const without = { ...keyed('eu'), idempotency_key: '' };
    expect(eventsOf(JSON.stringify([without, without]))).toHaveLength(2);
  });
});

describe('the ledger', () => {
  test.each([
    ['nowhere', { ...saves, ledger: undefined }, ['ledger']],
    ['empty', { ...saves, ledger: '' }, ['ledger']],
    [
      'null, where the payload has one',
      { ...v1Point8('SAVED_METADATA', saved), ledger: null },
      ['ledger', 'payload.ledger'],
    ],
    ['no string', { ...saves, ledger: 7 }, ['ledger']],
    ['with a space', { ...saves, ledger: 'a b' }, ['ledger']],
    ['too long', { ...saves, ledger: 'x'.repeat(256) }, ['ledger']],
    [
      'beside the payload of v2',
      { ...v2('SAVED_METADATA', {}), payload: saved, ledger: 'main' },
      ['payload.ledger'],
    ],
    [
      'empty in the payload of v1.10',
      { ...saves, ledger: undefined, payload: { ...saved, ledger: '' } },
      ['payload.ledger'],
    ],
    ['two', { ...v1Point8('SAVED_METADATA', saved), ledger: 'other' }, ['payload.ledger']],
    ['two in v2', { ...v2('SAVED_METADATA', saved), ledger: 'other' }, ['payload.ledger']],
  ])('%s is a fault', (_, event, paths) => {
    expect(pathsOf(event)).toEqual(paths);
  });

  test('may have 255 characters', () => {
    const ledger = 'Main_1-2.'.padEnd(255, 'x');
    expect(eventsOf(JSON.stringify({ ...saves, ledger }))[0]!.ledger).toBe(ledger);
  });
});

describe('what is wrong', () => {
  test.each([
    [{ date: undefined }, 'date: is missing'],
    [{ date: '2022-05-12' }, 'date: must be a time in RFC 3339 such as 2026-11-21T14:00:00Z'],
    [{ date: '2022-02-30T00:00:00Z' }, 'date: must be a time in RFC 3339 such as 2026-11-21T14:00:00Z'],
    [{ date: 1652358667 }, 'date: must be a time in RFC 3339 such as 2026-11-21T14:00:00Z'],
    [{ version: 'v3' }, 'version: must be v1 or v2'],
    [{ app: 1 }, 'app: must be a string'],
    [{ payload: undefined }, 'payload: is missing'],
    [{ payload: [] }, 'payload: must be an object'],
  ])('%j', (change, fault) => {
    expect(faultsOf({ ...saves, ...change })).toEqual([fault]);
  });

  test('all faults of all events are told at once, with their places', () => {
    const bad = commits({ ...transactionV1, postings: [{ ...posting, amount: 1.5, asset: 7 }] });
    expect(pathsOf([saves, { ...bad, date: 'today' }, 7, { ...saves, ledger: undefined }])).toEqual([
      '[1].date',
      '[1].payload.transactions[0].postings[0].amount',
      '[1].payload.transactions[0].postings[0].asset',
      '[2]',
      '[3].ledger',
    ]);
  });

  test('of many faults 100 are told', () => {
    expect(faultsOf(Array.from({ length: 200 }, () => ({})))).toHaveLength(100);
  });
});

describe('a body', () => {
  test.each(['', '{', 'hello', '\uFEFF{}'])('of %j is not JSON', (body) => {
    expect(faultsOf(body)).toEqual([': is not JSON']);
  });

  test.each(['null', '1', '"a"', 'true'])('of %s is no event', (body) => {
    expect(faultsOf(body)).toEqual([': must be an object']);
  });

  test('is one event, or an array of 1 to 500', () => {
    const list = (count: number) => JSON.stringify(Array.from({ length: count }, () => saves));
    expect(eventsOf(list(500))).toHaveLength(500);
    expect(faultsOf(list(501))).toEqual([': has 501 events; it must have 1 to 500']);
    expect(faultsOf('[]')).toEqual([': has 0 events; it must have 1 to 500']);
  });

  test('may have events of 256 KiB, counted in bytes', () => {
    const ofBytes = (bytes: number) => {
      const filler = bytes - Buffer.byteLength(JSON.stringify({ ...saves, x: 'é' }));
      return { ...saves, x: `é${'x'.repeat(filler)}` };
    };
    expect(faultsOf([ofBytes(256 * 1024), saves])).toEqual([]);
    expect(faultsOf([saves, ofBytes(256 * 1024 + 1)])).toEqual(['[1]: has 262145 bytes; the most is 262144']);
  });

  test('may have events of 32 levels', () => {
    const deep = (levels: number) =>
      `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)},${JSON.stringify(saves).slice(1)}`;
    expect(faultsOf(`[${deep(32)}]`)).toEqual([]);
    expect(faultsOf(`[${deep(33)}]`)).toEqual([
      '[0]: has objects and arrays in each other more than 32 deep',
    ]);
    expect(pathsOf(deep(100_000))).toEqual(['']);
  });
});

describe('any', () => {
  const anyType = fc.constantFrom(...ledgerEventTypes);
  const almost = fc.oneof(
    fc.record({
      date: fc.constant(date),
      type: anyType,
      payload: fc.jsonValue(),
      ledger: fc.constant('main'),
    }),
    fc.record({
      date: fc.oneof(fc.constant(date), fc.jsonValue()),
      type: anyType,
      version: fc.constantFrom('v1', 'v2', undefined),
      payload: fc.record({
        ledger: fc.constantFrom('main', undefined),
        transactions: fc.oneof(fc.jsonValue(), fc.array(fc.record({ postings: fc.array(fc.jsonValue()) }))),
        metadata: fc.jsonValue(),
        schema: fc.jsonValue(),
        volumes: fc.dictionary(fc.string(), fc.jsonValue()),
      }),
    }),
  );

  test('text gives events or faults, never a crash', () => {
    const json = fc.oneof(fc.jsonValue(), almost, fc.array(almost)).map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.oneof(json, fc.string()), (body) => {
        const read = readLedgerEvents(body);
        if ('faults' in read) expect(read.faults.length).toBeGreaterThan(0);
        else expect(read.events.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  test('list of events gives each back as it was written, in order', () => {
    const event = fc
      .tuple(
        fc.constantFrom(saves, commits(transactionV1), v2('SAVED_METADATA', saved)),
        fc.jsonValue(),
        fc.nat(3),
      )
      .map(([base, extra, indent]) => JSON.stringify({ ...base, extra }, undefined, indent));
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (texts) => {
        expect(eventsOf(`[\n${texts.join(' ,\r\n')}\t]`).map(({ value }) => value)).toEqual(texts);
      }),
    );
  });
});
