import { expect, test } from 'vitest';
import { readTraceparent } from '../../lib/core/trace-context.ts';

const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a traceparent is handed on as it came', () => {
  expect(readTraceparent(given)).toBe(given);
});

test.each([
  undefined,
  '',
  `${given}\r\nx: y`,
  given.toUpperCase(),
  given.replace(/^00/, 'ff'),
  given.replace(/-4b\w+-/, `-${'0'.repeat(32)}-`),
  given.replace(/-00f\w+-/, `-${'0'.repeat(16)}-`),
])('%j is ignored', (value) => {
  expect(readTraceparent(value)).toBeUndefined();
});
