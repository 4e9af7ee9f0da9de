import { describe, expect, test } from 'vitest';
import {
  brokerAddress,
  kafkaRules,
  parseBrokers,
  readSaslMechanism,
  readTls,
} from '../../lib/core/kafka-target.ts';

describe('brokers', () => {
  test.each([
    ['localhost:9092', ['localhost:9092']],
    [' a.example.com:1 , b.example.com:65535 ', ['a.example.com:1', 'b.example.com:65535']],
    ['10.0.0.1:9092,[2001:db8::1]:9093', ['10.0.0.1:9092', '[2001:db8::1]:9093']],
    ['a:1,b:2,a:1', ['a:1', 'b:2']],
    ['kafka_1.internal.:9092', ['kafka_1.internal.:9092']],
  ])('%j are %j', (text, brokers) => {
    expect(parseBrokers(text)).toEqual({ brokers });
  });

  test.each([
    ['', 'broker 1 ("") is empty; write host:port'],
    ['a:1,,b:2', 'broker 2 ("") is empty; write host:port'],
    ['a', 'broker 1 ("a") has no port; write host:port'],
    ['a:', 'broker 1 ("a:") has no port; write host:port'],
    ['a:0', 'broker 1 ("a:0") must have a port from 1 to 65535'],
    ['a:65536', 'broker 1 ("a:65536") must have a port from 1 to 65535'],
    ['a:9092x', 'broker 1 ("a:9092x") must have a port from 1 to 65535'],
    ['a:9092/x', 'broker 1 ("a:9092/x") must have a port from 1 to 65535'],
    [':9092', 'broker 1 (":9092") must name a host, or an IP address (IPv6 in brackets)'],
    ['a b:9092', 'broker 1 ("a b:9092") must name a host, or an IP address (IPv6 in brackets)'],
    [
      '[fe80::1%eth0]:1',
      'broker 1 ("[fe80::1%eth0]:1") must name a host, or an IP address (IPv6 in brackets)',
    ],
    ['[a]:1', 'broker 1 ("[a]:1") must name a host, or an IP address (IPv6 in brackets)'],
    [
      '2001:db8::1:9092',
      'broker 1 ("2001:db8::1:9092") must be host:port; an IPv6 address stands in brackets, as in [2001:db8::1]:9092',
    ],
    ['kafka://a:1', 'broker 1 ("kafka://a:1") must be host:port without a scheme'],
    ['me:secret@a:1', 'broker 1 ("…@a:1") must not hold a user name or password; they are credentials'],
    [Array.from({ length: 21 }, (_, n) => `b${n}:1`).join(), 'there are 21 brokers; the most is 20'],
  ])('%j are refused, and why is said', (text, fault) => {
    expect(parseBrokers(text)).toEqual({ faults: [fault] });
  });

  test('that are wrong are all named', () => {
    expect(parseBrokers('a,b:1,c:0')).toMatchObject({ faults: { length: 2 } });
  });

  test('have a host and a port', () => {
    expect(brokerAddress('a.example.com:9092')).toEqual({ host: 'a.example.com', port: 9092 });
    expect(brokerAddress('[2001:db8::1]:9093')).toEqual({ host: '2001:db8::1', port: 9093 });
  });
});

test.each([
  ['events', true],
  ['a.b_c-D9', true],
  ['x'.repeat(249), true],
  ['...', true],
  ['', false],
  ['.', false],
  ['..', false],
  ['x'.repeat(250), false],
  ['a b', false],
  ['größe', false],
  ['a\n', false],
])('%j as a topic: %s', (topic, isLegal) => {
  expect(kafkaRules.topic.pattern.test(topic)).toBe(isLegal);
});

test('user names and passwords are bounded and hold no NUL, which PLAIN parts them by', () => {
  for (const [rule, most] of [
    [kafkaRules.username, 256],
    [kafkaRules.password, 1024],
  ] as const) {
    expect(rule.pattern.test('x'.repeat(most))).toBe(true);
    for (const wrong of ['', 'x'.repeat(most + 1), 'a\0b']) expect(rule.pattern.test(wrong)).toBe(false);
  }
});

test('mechanisms and TLS are read as the reference writes them', () => {
  expect(readSaslMechanism('SCRAM-SHA-256')).toBe('scram-sha-256');
  expect(readSaslMechanism('plain')).toBe('plain');
  expect(readSaslMechanism('gssapi')).toBeUndefined();
  expect([true, false, 'true', 'false', 'no', 1, undefined].map(readTls)).toEqual([
    true,
    false,
    true,
    false,
    undefined,
    undefined,
    undefined,
  ]);
});
