import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventIds } from '../../lib/core/event-id.ts';

const ids = createEventIds('a secret');
const addresses = fc.record({
  source: fc.nat(2 ** 10 - 1),
  partition: fc.nat(2 ** 14 - 1),
  offset: fc.maxSafeNat().map((offset) => offset % 2 ** 46),
  index: fc.nat(2 ** 10 - 1),
});
const times = fc.maxSafeNat().map((time) => time % 2 ** 48);

test('an id leads back to its time and address', () => {
  fc.assert(
    fc.property(times, addresses, (timeMs, address) => {
      const id = ids.encode(timeMs, address);
      expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(ids.decode(id)).toEqual({ timeMs, address });
    }),
  );
});

test('the bounds of each part fit, and one more is refused', () => {
  const most = { source: 1023, partition: 16_383, offset: 2 ** 46 - 1, index: 1023 };
  expect(ids.decode(ids.encode(2 ** 48 - 1, most))).toEqual({ timeMs: 2 ** 48 - 1, address: most });
  for (const part of ['source', 'partition', 'offset', 'index'] as const) {
    expect(() => ids.encode(0, { ...most, [part]: most[part] + 1 })).toThrow(
      `${part} ${most[part] + 1} does not fit`,
    );
  }
});

test('the same record has the same id, and ids sort by time', () => {
  const address = { source: 1, partition: 2, offset: 3, index: 0 };
  const again = createEventIds('a secret');
  expect(again.encode(1000, address)).toBe(ids.encode(1000, address));
  expect(ids.encode(1000, { ...address, offset: 9 }) < ids.encode(1001, address)).toBe(true);
});

test('neighbouring offsets share nothing that tells their order', () => {
  const tails = Array.from({ length: 1000 }, (_, offset) =>
    ids.encode(0, { source: 1, partition: 0, offset, index: 0 }).slice(10),
  );
  expect(new Set(tails).size).toBe(1000);
  // Each character of the tail takes many values; a counter would leave most of them still.
  for (let at = 0; at < 16; at++) expect(new Set(tails.map((tail) => tail[at])).size).toBe(32);
});

test('another key gives other ids and cannot read these', () => {
  const address = { source: 1, partition: 2, offset: 3, index: 0 };
  const other = createEventIds('another secret');
  expect(other.encode(5, address)).not.toBe(ids.encode(5, address));
  expect(other.decode(ids.encode(5, address))?.address).not.toEqual(address);
});

test('a time before 1970 or beyond 48 bits moves to the nearest bound', () => {
  const address = { source: 1, partition: 0, offset: 0, index: 0 };
  expect(ids.decode(ids.encode(-1, address))?.timeMs).toBe(0);
  expect(ids.decode(ids.encode(2 ** 50, address))?.timeMs).toBe(2 ** 48 - 1);
});

test.each(['', 'short', 'I'.repeat(26), '8'.padEnd(26, '0'), 'é'.repeat(26), '0'.repeat(27)])(
  'text that is no id decodes to nothing: %j',
  (text) => {
    expect(ids.decode(text)).toBeUndefined();
  },
);
