import { expect, test } from 'vitest';
import { createPatience } from '../../lib/app/patience.ts';

const seconds = 1000;

test.each([
  ['nothing waited', [], 0, 300],
  ['one wait', [[0, 100]], 100, 200],
  ['waits side by side count once', [[0, 100], [0, 100], [50, 150]], 150, 151.5], // prettier-ignore
  ['more than there is', [[0, 1000]], 1000, 0],
  ['all is back after ten seconds', [[0, 300]], 10.3 * seconds, 300],
  ['and never more than at the beginning', [], 100 * seconds, 300],
] as const)('%s', (_, waits, atMs, left) => {
  let nowMs = 0;
  const patience = createPatience(300, () => nowMs);
  for (const [from, until] of waits) {
    nowMs = until;
    patience.spend(from, until);
  }
  nowMs = atMs;
  expect(patience.leftMs()).toBeCloseTo(left);
});
