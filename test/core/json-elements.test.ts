import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonElements } from '../../lib/core/json-elements.ts';

test.each([
  ['[]', []],
  [' [ \n ] ', []],
  ['[1.10]', ['1.10']],
  [
    '[ 12345678901234567890 ,\t"],[\\"",{"a": [1, 2]},\n[[], {}] , null]',
    ['12345678901234567890', '"],[\\""', '{"a": [1, 2]}', '[[], {}]', 'null'],
  ],
])('%j has the elements %j', (text, elements) => {
  expect(jsonElements(text)).toEqual(elements);
});

test('an array of any texts gives back just these', () => {
  const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
  const value = fc.tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'));
  const element = fc.tuple(
    space,
    value.map(([json, indent]) => JSON.stringify(json, undefined, indent)),
    space,
  );
  fc.assert(
    fc.property(fc.array(element, { minLength: 1 }), (elements) => {
      const text = `[${elements.map((parts) => parts.join('')).join(',')}]`;
      expect(jsonElements(text)).toEqual(elements.map(([, json]) => json));
    }),
  );
});

test('brackets in each other as deep as a body may hold do not end it', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  expect(jsonElements(`[${deep},1]`)).toEqual([deep, '1']);
});
