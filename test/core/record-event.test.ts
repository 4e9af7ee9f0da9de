import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecordEvent } from '../../lib/core/record-event.ts';
import { RecordRejected } from '../../lib/core/rejection.ts';
import { type SourceRecord, recordText } from '../../lib/core/source-record.ts';
import { record } from '../records.ts';

const single = { event_type: 'order.created', data: { id: 1 }, endpoint_id: 'ep_1' };

const read = (one: SourceRecord) => readRecordEvent(recordText(one), one.headers);

function rejection(parts: Parameters<typeof record>[0]): { reason: string; detail: string } {
  try {
    read(record(parts));
  } catch (error) {
    if (error instanceof RecordRejected) return { reason: error.reason, detail: error.detail };
    throw error;
  }
  throw new Error('the record was accepted');
}

test('the reference payload is understood', () => {
  const event = read(
    record({
      value: {
        event_type: 'sample',
        data: { a: 1 },
        custom_headers: { 'x-convoy-message-type': 'single', 'sample-header': 'sample-value' },
        idempotency_key: 'key',
        owner_id: 'acme',
        endpoint_id: 'ep_1',
      },
    }),
  );
  expect(event).toEqual({
    eventType: 'sample',
    data: '{"a":1}',
    headers: { 'sample-header': 'sample-value' },
    droppedHeaders: [],
    target: { type: 'single', endpointId: 'ep_1', ownerId: 'acme' },
    idempotencyKey: 'key',
  });
});

test('a byte order mark is named, and a message type that is no text is refused', () => {
  const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{}')]);
  expect(rejection({ value: bytes })).toMatchObject({ reason: 'invalid_json' });
  expect(rejection({ value: bytes }).detail).toContain('byte order mark');
  const headers = { 'X-Convoy-Message-Type': Buffer.from([0xff]) };
  expect(rejection({ value: single, headers }).reason).toBe('unknown_message_type');
});

test('data stays as it was written', () => {
  const data = '{ "zebra": 12345678901234567890, "alpha": 1.10, "2": 1e3, "1": "\\u00e9" }';
  const event = read(record({ value: `{"event_type":"a","endpoint_id":"e","data":${data}}` }));
  expect(event.data).toBe(data);
});

test('empty strings count as absent', () => {
  const event = read(record({ value: { ...single, owner_id: '', idempotency_key: '', custom_headers: '' } }));
  expect(event.target).toEqual({ type: 'single', endpointId: 'ep_1', ownerId: undefined });
  expect(event.idempotencyKey).toBeUndefined();
});

describe('the target', () => {
  const both = { event_type: 'a', data: 1, endpoint_id: 'ep', owner_id: 'acme' };
  test.each([
    [both, undefined, { type: 'single', endpointId: 'ep', ownerId: 'acme' }],
    [{ ...both, endpoint_id: undefined }, undefined, { type: 'fanout', ownerId: 'acme' }],
    [both, 'fanout', { type: 'fanout', ownerId: 'acme' }],
    [both, 'broadcast', { type: 'broadcast' }],
    [{ event_type: 'a', data: 1 }, 'broadcast', { type: 'broadcast' }],
  ])('of %j with message type %s is %j', (value, type, target) => {
    const headers: Record<string, string> = type ? { 'X-Convoy-Message-Type': type } : {};
    expect(read(record({ value, headers })).target).toEqual(target);
    if (!type) return;
    const custom = { ...value, custom_headers: headers };
    expect(read(record({ value: custom })).target).toEqual(target);
  });

  test.each([
    [{ event_type: 'a', data: 1 }, undefined, 'no_target'],
    [{ event_type: 'a', data: 1, owner_id: 'acme' }, 'single', 'no_target'],
    [{ event_type: 'a', data: 1, endpoint_id: 'ep' }, 'fanout', 'no_target'],
    [both, 'everyone', 'unknown_message_type'],
  ])('of %j with message type %s is refused as %s', (value, type, reason) => {
    const headers: Record<string, string> = type ? { 'x-convoy-message-type': type } : {};
    expect(rejection({ value, headers }).reason).toBe(reason);
  });
});

describe('headers', () => {
  test('record headers win over custom headers, whatever their case', () => {
    const event = read(
      record({
        value: { ...single, custom_headers: { 'X-Tenant': 'custom', other: 'kept' } },
        headers: { 'x-TENANT': 'record' },
      }),
    );
    expect(event.headers).toEqual({ 'x-tenant': 'record', other: 'kept' });
  });

  test('of several record headers with one name the last counts', () => {
    const twice = {
      ...record({ value: single }),
      headers: [
        ['a', Buffer.from('1')],
        ['a', Buffer.from('2')],
      ] as const,
    };
    expect(read(twice).headers).toEqual({ a: '2' });
  });

  test('control, hop-by-hop and signature headers are not forwarded', () => {
    const headers = {
      Host: 'a',
      'Content-Length': '1',
      Connection: 'close',
      'webhook-id': 'x',
      'x-fanout-event-type': 'y',
      kept: '1',
    };
    expect(read(record({ value: single, headers })).headers).toEqual({ kept: '1' });
  });

  test('a record header that HTTP cannot carry is dropped by name, and the event goes on', () => {
    const event = read(
      record({ value: single, headers: { binary: Buffer.from([0xff, 0xfe]), 'a name': 'x' } }),
    );
    expect(event.headers).toEqual({});
    expect(event.droppedHeaders).toEqual(['binary', 'a name']);
  });

  test('200 headers are forwarded', () => {
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`header-${at}`, 'value']));
    expect(read(record({ value: single, headers })).headers).toEqual(headers);
  });

  test.each(['a\r\nb: c', 'a\nb', 'a\0b'])('a value with a control character is refused: %j', (value) => {
    expect(rejection({ value: single, headers: { bad: value } }).reason).toBe('invalid_header');
    expect(rejection({ value: { ...single, custom_headers: { bad: value } } })).toEqual({
      reason: 'invalid_event',
      detail: 'custom_headers.bad: holds a control character, such as CR, LF or NUL',
    });
  });

  test('more than 32 KiB of them are refused', () => {
    expect(rejection({ value: single, headers: { big: 'x'.repeat(40_000) } }).reason).toBe(
      'headers_too_large',
    );
  });
});

describe('a record that can never be an event', () => {
  test.each([
    ['a tombstone', undefined, 'empty_value'],
    ['no bytes', Buffer.alloc(0), 'empty_value'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_utf8'],
    ['no JSON', '{"event_type": ', 'invalid_json'],
    ['an array', [], 'invalid_event'],
    ['null', 'null', 'invalid_event'],
    ['too much data', { ...single, data: 'x'.repeat(256 * 1024) }, 'data_too_large'],
  ])('%s is refused as %s', (_, value, reason) => {
    expect(rejection({ value }).reason).toBe(reason);
  });

  test('all faults are named at once', () => {
    const { reason, detail } = rejection({
      value: { event_typo: 'a', owner_id: 'a.b', endpoint_id: 7, custom_headers: { ok: 1 } },
    });
    expect(reason).toBe('invalid_event');
    expect(detail.split('; ').map((fault) => fault.split(':')[0])).toEqual([
      'event_typo',
      'event_type',
      'owner_id',
      'endpoint_id',
      'data',
      'custom_headers.ok',
    ]);
  });

  test('the reason does not repeat what the record holds', () => {
    expect(rejection({ value: '{"password": hunter2}' }).detail).not.toContain('hunter2');
  });
});

test('any bytes give an event or a reason, never a crash', () => {
  const almost = fc
    .record({
      event_type: fc.jsonValue(),
      data: fc.jsonValue(),
      owner_id: fc.jsonValue(),
      custom_headers: fc.jsonValue(),
    })
    .map((value) => Buffer.from(JSON.stringify(value)));
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(fc.oneof(almost, bytes), fc.dictionary(fc.string(), fc.string()), (value, headers) => {
      try {
        read(record({ value, headers }));
      } catch (error) {
        expect(error).toBeInstanceOf(RecordRejected);
      }
    }),
    { numRuns: 500 },
  );
});
