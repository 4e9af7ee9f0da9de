import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkInput } from '../../../lib/app/api/operation.ts';
import type { Problem } from '../../../lib/app/api/problem.ts';

const schema = z.strictObject({
  text: z.string().min(1).max(5),
  count: z.number().int().min(2).max(10),
  flag: z.boolean(),
  list: z.array(z.string()).min(1).max(2),
  object: z.strictObject({ inner: z.literal('one') }),
  state: z.enum(['on', 'off']),
  own: z.string('says its own'),
});
const valid = {
  text: 'a',
  count: 2,
  flag: true,
  list: ['a'],
  object: { inner: 'one' },
  state: 'on',
  own: 'a',
};

function errorsOf(change: object): string[] {
  try {
    checkInput(schema, { ...valid, ...change });
    return [];
  } catch (error) {
    return (error as Problem).errors.map(({ path, message }) => `${path}: ${message}`);
  }
}

test('a value that is as it should be has no error', () => {
  expect(errorsOf({})).toEqual([]);
});

describe('what is said of a field', () => {
  test.each([
    [{ text: 7 }, 'text: must be a string'],
    [{ text: undefined }, 'text: is missing'],
    [{ text: '' }, 'text: must have at least 1 character'],
    [{ text: 'abcdef' }, 'text: must have at most 5 characters'],
    [{ count: 'a' }, 'count: must be a number'],
    [{ count: 2.5 }, 'count: must be a whole number'],
    [{ count: 1 }, 'count: must be at least 2'],
    [{ count: 11 }, 'count: must be at most 10'],
    [{ flag: 'yes' }, 'flag: must be true or false'],
    [{ list: {} }, 'list: must be an array'],
    [{ list: [] }, 'list: must have at least 1 entry'],
    [{ list: ['a', 'b', 'c'] }, 'list: must have at most 2 entries'],
    [{ object: [] }, 'object: must be an object'],
    [{ object: { inner: 'two' } }, 'object.inner: must be one'],
    [{ object: { inner: 'one', more: 1 } }, 'object.more: is not a field'],
    [{ state: 'up' }, 'state: must be one of: on, off'],
    [{ state: undefined }, 'state: is missing'],
    [{ own: 7 }, 'own: says its own'],
  ])('%j', (change, expected) => {
    expect(errorsOf(change)).toEqual([expected]);
  });
});
