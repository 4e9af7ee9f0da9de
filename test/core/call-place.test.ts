import { expect, test } from 'vitest';
import { callPlaceOf, randomCallPlace } from '../../lib/core/call-place.ts';
import { createEventIds } from '../../lib/core/event-id.ts';

const place = (parts: { secret?: string; org?: string; key?: string; startedMs?: number } = {}) => {
  const { secret = 'secret', org = 'acme', key = 'order-1', startedMs = 1_700_000_000_000 } = parts;
  return callPlaceOf(secret, org, key, startedMs);
};

test('a call has the same place whenever it is repeated, and every other call another', () => {
  expect(place()).toEqual(place());
  const others = [{ secret: 'other' }, { org: 'globex' }, { key: 'order-2' }, { startedMs: 1 }];
  const places = [place(), ...others.map(place), randomCallPlace(), randomCallPlace()];
  expect(new Set(places.map(({ partition, offset }) => `${partition} ${offset}`)).size).toBe(places.length);
});

test('org and key do not run into each other', () => {
  expect(place({ org: 'a', key: 'b","c' })).not.toEqual(place({ org: 'a","b', key: 'c' }));
});

test('places fit into event ids, all over their range', () => {
  const ids = createEventIds('key');
  const places = Array.from({ length: 2000 }, (_, n) => (n % 2 ? randomCallPlace() : place({ key: `${n}` })));
  for (const one of places) {
    const address = { ...one, index: 1023 };
    expect(ids.decode(ids.encode(0, address))?.address).toEqual(address);
  }
  expect(Math.max(...places.map(({ partition }) => partition))).toBeGreaterThan(2 ** 13);
  expect(Math.max(...places.map(({ offset }) => offset))).toBeGreaterThan(2 ** 45);
});
