import { expect, test } from 'vitest';
import { murmur2, partitionOfKey } from '../../lib/core/murmur2.ts';

// Those of Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the hash of %j is that of Kafka’s clients', (key, hash) => {
  expect(murmur2(Buffer.from(key)) | 0).toBe(hash);
});

test('bytes above 127 count as they are, and so does where they lie in memory', () => {
  const key = Buffer.from('größe-日本');
  const elsewhere = Buffer.concat([Buffer.from('x'), key]).subarray(1);
  expect(murmur2(elsewhere)).toBe(murmur2(Buffer.from(key)));
});

test('a partition is the hash without its sign, by the number of partitions', () => {
  expect(partitionOfKey(Buffer.from('foobar'), 10)).toBe((-790332482 & 0x7fffffff) % 10);
  expect(partitionOfKey(Buffer.from('abc'), 7)).toBe(479470107 % 7);
  expect(partitionOfKey(Buffer.from('abc'), 1)).toBe(0);
});

// What librdkafka 2.0.2 chose of 12 partitions, told `partitioner=murmur2_random`: written with kcat 1.7.1, and read back.
test.each([
  ['order', 8],
  ['order-o', 3],
  ['order-orde', 10],
  ['customer-7', 7],
  ['1000000', 11],
  ['12345678901234567890', 8],
  ['evt_123', 7],
  ['{"id":1.10,"tags":["a","b"]}', 8],
  ['größe', 8],
  ['größer', 4],
  ['日本', 3],
  ['日本語', 10],
  ['\u{1F600}', 9],
  ['ÿ', 7],
  ['ÿÿÿÿ', 4],
])('the partition of %j is that of librdkafka', (key, partition) => {
  expect(partitionOfKey(Buffer.from(key), 12)).toBe(partition);
});
