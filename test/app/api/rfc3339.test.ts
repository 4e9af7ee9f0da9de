import { expect, test } from 'vitest';
import { rfc3339 } from '../../../lib/app/api/rfc3339.ts';

test.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [-1, '1969-12-31T23:59:59.999Z'],
  [1_700_000_000_123, '2023-11-14T22:13:20.123Z'],
  [2 ** 63, '9999-12-31T23:59:59.999Z'],
  [-(2 ** 63), '0000-01-01T00:00:00.000Z'],
])('%d is %s', (timeMs, text) => {
  expect(rfc3339(timeMs)).toBe(text);
});
