import { expect, test } from 'vitest';
import { RawJson, stringifyRaw } from '../../lib/core/raw-json.ts';

test('raw JSON stands as it was, anywhere in the value', () => {
  const value = {
    a: [new RawJson('1.10'), { b: new RawJson('{"n": 12345678901234567890}') }],
    c: '$& "text"',
  };
  expect(stringifyRaw(value)).toBe('{"a":[1.10,{"b":{"n": 12345678901234567890}}],"c":"$& \\"text\\""}');
});

test('replacement patterns in the text mean nothing', () => {
  expect(stringifyRaw(new RawJson('"$1 $&"'))).toBe('"$1 $&"');
});
