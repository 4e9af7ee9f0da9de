import { afterEach, expect, test, vi } from 'vitest';
import { createSocketPlaces } from '../../lib/adapters/kafka-socket-places.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('who finds no place has idle connections closed, and waits in line for one that is given back', async () => {
  let asked = 0;
  const places = createSocketPlaces(2, () => void asked++);
  const first = (await places.take())!;
  await places.take();
  expect(asked).toBe(0);

  const order: string[] = [];
  const third = places.take().then((place) => (order.push('third'), place!));
  const fourth = places.take().then(() => order.push('fourth'));
  expect(asked).toBe(2);
  expect(places.isAwaited).toBe(true);

  first();
  first();
  const place = await third;
  expect(order).toEqual(['third']);
  place();
  await fourth;
  expect(places.isAwaited).toBe(false);
});

test('who waits for long leaves without a place, and nobody else’s is lost', async () => {
  vi.useFakeTimers();
  const places = createSocketPlaces(1, () => {});
  const first = (await places.take())!;
  const waiting = places.take();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await waiting).toBeUndefined();
  expect(places.isAwaited).toBe(false);
  first();
  expect(await places.take()).toBeTypeOf('function');
});
