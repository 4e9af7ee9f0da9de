import { expect, test } from 'vitest';
import { kafkaMessage } from '../../lib/core/kafka-message.ts';

const event = {
  id: 'evt_123',
  eventType: 'orders',
  timeMs: 1704067200_999,
  data: '{ "amount": 12345678901234567890 }',
  headers: { source: 'checkout-service' },
};
const system = {
  'content-type': 'application/json',
  'event-id': 'evt_123',
  topic: 'orders',
  timestamp: '1704067200',
};

test('a message is the data as sent, with metadata and system entries as headers', () => {
  expect(kafkaMessage(event, 'key')).toEqual({
    key: 'key',
    value: event.data,
    headers: { source: 'checkout-service', ...system },
  });
});

test('metadata does not displace system entries, whatever its case', () => {
  const headers = {
    topic: 'mine',
    'Event-Id': 'mine',
    TIMESTAMP: '0',
    'Content-Type': 'text/plain',
    Topics: 'x',
  };
  expect(kafkaMessage({ ...event, headers }, 'key').headers).toEqual({ Topics: 'x', ...system });
});

test('metadata named as what objects inherit is metadata', () => {
  const headers = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, string>;
  const made = kafkaMessage({ ...event, headers }, 'key').headers;
  expect(Object.entries(made)).toEqual(
    expect.arrayContaining([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]),
  );
});
