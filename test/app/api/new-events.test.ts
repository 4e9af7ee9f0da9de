import { expect, test } from 'vitest';
import { readNewEvents } from '../../../lib/app/api/new-events.ts';
import { Problem } from '../../../lib/app/api/problem.ts';

const read = (text: string) => readNewEvents(JSON.parse(text), text);
const event = { event_type: 'order.paid', data: 1 };

/** The faults of a body, as path and message. */
function faultsOf(body: unknown): Record<string, string> {
  try {
    read(typeof body === 'string' ? body : JSON.stringify(body));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return Object.fromEntries(error.errors.map(({ path, message }) => [path, message]));
  }
  return {};
}

test.each([
  '12345678901234567890',
  '1.10',
  'null',
  '"a\\u0062"',
  '{ "n" : 1.0,\n "n": 1e400 }',
  '[ ]',
  '"\\ud800"',
])('data %s stays as it was written', (data) => {
  const text = `{"data": 0, "event_type": "a", "data":  ${data} }`;
  expect(read(text)).toEqual([{ eventType: 'a', data, headers: {} }]);
  expect(read(` [ ${text}\n, {"event_type":"b","data":2}]`).map((one) => one.data)).toEqual([data, '2']);
});

test('an event may name an endpoint, an id, a time and metadata', () => {
  const text = JSON.stringify({
    ...event,
    endpoint_id: 'ep_1',
    id: 'evt_1:2-3',
    time: '2026-11-21T16:00:00.5+02:00',
    metadata: { 'X-Trace': 'ünï', empty: '' },
  });
  expect(read(text)).toEqual([
    {
      eventType: 'order.paid',
      data: '1',
      headers: { 'x-trace': 'ünï', empty: '' },
      endpointId: 'ep_1',
      givenId: 'evt_1:2-3',
      timeMs: Date.parse('2026-11-21T14:00:00.500Z'),
    },
  ]);
});

test('every fault is named at once, with the index of its event', () => {
  const wrong = [
    event,
    { data: 1, endpoint_id: 'a.b', id: '.', time: 'yesterday', owner_id: 'acme' },
    { event_type: ' a', metadata: { 'x-convoy-message-type': 'broadcast', 'a b': '1' } },
    7,
    { ...event, metadata: ['a'] },
  ];
  expect(faultsOf(wrong)).toEqual({
    '1.event_type': 'is missing',
    '1.endpoint_id': expect.stringContaining('letters') as string,
    '1.id': expect.stringContaining('letters') as string,
    '1.time': expect.stringContaining('2026') as string,
    '1.owner_id': 'is not a field',
    '2.event_type': expect.stringContaining('order.created') as string,
    '2.data': 'is missing, give any JSON',
    '2.metadata.x-convoy-message-type': 'is set by Fanout itself or never forwarded',
    '2.metadata.a b': 'is not the name of an HTTP header',
    '3': expect.stringContaining('object') as string,
    '4.metadata': 'must be an object of texts',
  });
});

test.each<[string, unknown]>([
  ['X-Convoy-Message-Type', { 'X-Convoy-Message-Type': 'single' }],
  ['webhook-id', { 'webhook-id': '1' }],
  ['X-Fanout-Event-Type', { 'X-Fanout-Event-Type': 'a' }],
  ['host', { host: 'a' }],
  ['Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }],
  ['X-A', { 'x-a': '1', 'X-A': '2' }],
  ['x-a', { 'x-a': 1 }],
  ['x-b', { 'x-b': 'a\r\nx-c: d' }],
])('metadata %s is refused at its path', (name, metadata) => {
  expect(Object.keys(faultsOf({ ...event, metadata }))).toEqual([`metadata.${name}`]);
});

test.each<[string, unknown, string]>([
  ['no event', [], ''],
  ['101 events', Array.from({ length: 101 }, () => event), ''],
  ['a text', '"a"', ''],
  ['data of 256 KiB and a byte', { ...event, data: 'x'.repeat(256 * 1024 - 1) }, 'data'],
  ['metadata of 32 KiB and a byte', { ...event, metadata: { a: 'x'.repeat(32 * 1024) } }, 'metadata'],
  ['an id of 129 characters', { ...event, id: 'x'.repeat(129) }, 'id'],
  ['an id with a dot', { ...event, id: 'a.b' }, 'id'],
  ['an empty id', { ...event, id: '' }, 'id'],
  ['a time without an offset', { ...event, time: '2026-11-21T14:00:00' }, 'time'],
  ['a day that is not', { ...event, time: '2026-02-30T14:00:00Z' }, 'time'],
])('%s is refused', (_, body, path) => {
  expect(Object.keys(faultsOf(body))).toEqual([path]);
});

test('what is just within the limits is taken', () => {
  const most = {
    event_type: 'x'.repeat(256),
    data: 'x'.repeat(256 * 1024 - 2),
    metadata: { a: 'x'.repeat(32 * 1024 - 1) },
    id: 'x'.repeat(128),
  };
  expect(faultsOf(most)).toEqual({});
  expect(faultsOf(Array.from({ length: 100 }, () => event))).toEqual({});
});
