import { expect, test } from 'vitest';
import { createFreshSecret } from '../../../functions/authorize/fresh-secret.ts';

/** A secret with values one after the other, and a clock of the test's. */
function secretOf(...values: (string | Error)[]) {
  const clock = { ms: 0 };
  const read = createFreshSecret(
    async () => {
      const value = values.shift()!;
      if (value instanceof Error) throw value;
      return value;
    },
    () => clock.ms,
  );
  return { clock, read };
}

test('a value that was replaced is out a minute after it was read', async () => {
  const { clock, read } = secretOf('first', 'second');
  expect(await read()).toBe('first');
  clock.ms = 59_999;
  expect(await read()).toBe('first');
  clock.ms = 60_000;
  expect(await read()).toBe('second');
});

test('while it cannot be read the last value stands, and each call tries again', async () => {
  const { clock, read } = secretOf('first', new Error('no answer'), 'second');
  await read();
  clock.ms = 60_000;
  expect(await read()).toBe('first');
  expect(await read()).toBe('second');
});

test('without any value there is none', async () => {
  const { read } = secretOf(new Error('no answer'), 'first');
  await expect(read()).rejects.toThrow('no answer');
  expect(await read()).toBe('first');
});
