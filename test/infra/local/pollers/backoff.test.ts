import { expect, it } from 'vitest';
import { backoffMs } from '../../../../infra/local/pollers/backoff.ts';

it.each([
  [1, 100],
  [2, 200],
  [3, 400],
  [7, 6_400],
  [8, 10_000],
  [1_000_000, 10_000],
])('after %i failures waits %i ms', (failures, milliseconds) => {
  expect(backoffMs(failures)).toBe(milliseconds);
});
