import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StreamingEvent, readStreamingEvents } from '../../lib/core/streaming-event.ts';
import { streamingExample as reference } from '../documented-events.ts';

const created_at = '2024-01-15T10:30:00Z';
const event = (id: string, rest: object = {}) => ({ id, created_at, type: 'PRICE.UPDATED', ...rest });
const bundle = (...payload: unknown[]) => ({ payload });

function eventsOf(value: unknown): readonly StreamingEvent[] {
  const read = readStreamingEvents(typeof value === 'string' ? value : JSON.stringify(value));
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  return read.events;
}

/** The faults as `path: message`. */
function faultsOf(value: unknown): string[] {
  const read = readStreamingEvents(typeof value === 'string' ? value : JSON.stringify(value));
  return 'faults' in read ? read.faults.map(({ path, message }) => `${path}: ${message}`) : [];
}

const pathsOf = (value: unknown) => faultsOf(value).map((fault) => fault.slice(0, fault.indexOf(': ')));

test('the documented event is accepted as it stands, alone and in a bundle', () => {
  const expected = {
    id: 'fbecea50-2f35-4969-96af-342271da9eca',
    type: 'USER.CREATED',
    createdAt: '2021-07-21T14:10:00.00Z',
    key: '83d83ec2-d2ca-49ff-bbea-b92b5c3be202',
    value: reference,
  };
  expect(eventsOf(reference)).toEqual([expected]);
  expect(eventsOf(`{"payload": [ ${reference} ]}`)).toEqual([expected]);
});

test('a bundle is split into its events, in order and as they were written', () => {
  const price =
    '{ "type":"PRICE.UPDATED", "id":"2","created_at":"2024-01-15T10:30:00Z","price":1.10, "n":12345678901234567890}';
  const events = eventsOf(`{"webhook":"w","payload":[${reference},\n${price}]}`);
  expect(events.map(({ value }) => value)).toEqual([reference, price]);
  expect(events[1]).toMatchObject({ id: '2', key: '2', type: 'PRICE.UPDATED' });
});

describe('the key', () => {
  test.each([
    ['the id of the object', { object: { id: 'user-1' } }, 'user-1'],
    ['the id of the event, when there is no object', {}, 'event-1'],
    ['the id of the event, when the object has none', { object: {} }, 'event-1'],
    ['the id of the event, when that of the object is empty', { object: { id: '' } }, 'event-1'],
    ['the id of the object as it was written, when that is a number', { object: { id: 7 } }, '7'],
    ['the id of the event, when that of the object is neither', { object: { id: [7] } }, 'event-1'],
  ])('is %s', (_, rest, key) => {
    expect(eventsOf(event('event-1', rest))[0]!.key).toBe(key);
  });
});

describe('an event and a bundle', () => {
  test('are told apart by the id', () => {
    const single = event('1', { payload: [event('2')] });
    expect(eventsOf(single)).toEqual([expect.objectContaining({ id: '1', value: JSON.stringify(single) })]);
    expect(eventsOf({ ...single, id: undefined }).map(({ id }) => id)).toEqual(['2']);
  });

  test.each([
    ['an object with a bad id is an event', { ...event(''), payload: [] }, ['id']],
    ['an object with neither is an event without id', { created_at, type: 'A' }, ['id']],
    ['a payload that is no array', { payload: { id: '1' } }, ['payload']],
    ['a payload without events', bundle(), ['payload']],
    [
      'a bundle in a bundle',
      bundle(bundle(event('1'))),
      ['payload[0].id', 'payload[0].created_at', 'payload[0].type'],
    ],
    ['a list', [event('1')], ['']],
    ['no object', 7, ['']],
    ['null', null, ['']],
    ['no JSON', '{"id": ', ['']],
  ])('%s', (_, body, paths) => {
    expect(pathsOf(body)).toEqual(paths);
  });

  test('500 make a bundle, more do not', () => {
    const events = Array.from({ length: 501 }, (_, at) => event(`${at}`));
    expect(eventsOf(bundle(...events.slice(1)))).toHaveLength(500);
    expect(faultsOf(bundle(...events))).toEqual(['payload: has 501 events; it must have 1 to 500']);
  });
});

describe('an event', () => {
  test.each([
    [{ type: 'SOMETHING.NOBODY_KNOWS' }],
    [{ id: '€'.repeat(128) }],
    [{ created_at: '2021-07-21T14:10:00.123456789+02:00' }],
    [{ further: { fields: [1.5] }, object: { unknown: true } }],
  ])('with %j passes', (change) => {
    expect(faultsOf(event('1', change))).toEqual([]);
  });

  test.each([
    [{ id: undefined, payload: undefined }, 'id: is missing'],
    [{ id: '' }, 'id: must be a string of 1 to 128 characters, none a control character'],
    [{ id: 'x'.repeat(129) }, 'id: must be a string of 1 to 128 characters, none a control character'],
    [{ id: 'a\nb' }, 'id: must be a string of 1 to 128 characters, none a control character'],
    [{ id: '\ud800' }, 'id: must be a string of 1 to 128 characters, none a control character'],
    [{ id: 7 }, 'id: must be a string of 1 to 128 characters, none a control character'],
    [{ created_at: undefined }, 'created_at: is missing'],
    [{ created_at: '2021-07-21' }, 'created_at: must be a time in RFC 3339 such as 2026-11-21T14:00:00Z'],
    [{ type: undefined }, 'type: is missing'],
    [{ type: '' }, 'type: must be a string of 1 to 256 printable ASCII characters'],
    [{ type: 'A\nB' }, 'type: must be a string of 1 to 256 printable ASCII characters'],
    [{ object: 'user' }, 'object: must be an object'],
    [{ object: null }, 'object: must be an object'],
  ])('with %j is refused', (change, fault) => {
    expect(faultsOf(event('1', change))).toEqual([fault]);
  });

  test('has at most 256 KiB and 32 levels', () => {
    const deep = Array.from({ length: 32 }).reduce<unknown>((inner) => [inner], 1);
    expect(faultsOf(bundle(event('1', { x: 'x'.repeat(256 * 1024) }), event('2', { deep })))).toEqual([
      expect.stringMatching(/^payload\[0\]: has \d+ bytes; the most is 262144$/),
      'payload[1]: has objects and arrays in each other more than 32 deep',
    ]);
  });
});

describe('an id that comes twice in a bundle', () => {
  test('is taken once, where it stands first, when the events are the same', () => {
    const events = eventsOf(bundle(event('1'), event('2'), event('1')));
    expect(events.map(({ id }) => id)).toEqual(['1', '2']);
  });

  test('is a fault when they are not', () => {
    const other = event('1', { object: { id: 'other' } });
    expect(faultsOf(bundle(event('1'), event('2'), event('1'), other))).toEqual([
      'payload[3].id: is the id of payload[0] too, which says something else',
    ]);
  });

  test('is no fault of its own when it is no id', () => {
    expect(pathsOf(bundle({ created_at, type: 'A' }, { created_at, type: 'B' }))).toEqual([
      'payload[0].id',
      'payload[1].id',
    ]);
  });
});

test('of many faults 100 are told, and nothing is taken', () => {
  expect(faultsOf(bundle(...Array.from({ length: 200 }, () => ({}))))).toHaveLength(100);
  expect(pathsOf(bundle(event('1'), {}))).toEqual([
    'payload[1].id',
    'payload[1].created_at',
    'payload[1].type',
  ]);
});

test('any text gives events or faults, never a crash', () => {
  const almost = fc.record(
    {
      id: fc.oneof(fc.string(), fc.jsonValue()),
      created_at: fc.oneof(fc.constant(created_at), fc.jsonValue()),
      type: fc.oneof(fc.constant('A'), fc.jsonValue()),
      object: fc.jsonValue(),
      payload: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const json = fc
    .oneof(fc.jsonValue(), almost, fc.record({ payload: fc.array(almost) }))
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(json, fc.string()), (body) => {
      const read = readStreamingEvents(body);
      if ('faults' in read) expect(read.faults.length).toBeGreaterThan(0);
      else expect(read.events.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

test('any bundle gives its events back as they were written, in order', () => {
  const contents = fc.array(fc.tuple(fc.jsonValue(), fc.nat(3)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(contents, (extras) => {
      const texts = extras.map(([extra, indent], at) =>
        JSON.stringify(event(`${at}`, { extra }), undefined, indent),
      );
      const events = eventsOf(`{"before": "]", "payload" :[ ${texts.join('\n,')} ] , "after": {}}`);
      expect(events.map(({ value }) => value)).toEqual(texts);
    }),
  );
});
