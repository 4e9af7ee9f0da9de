import { expect, test } from 'vitest';
import { jsonDepth } from '../../lib/core/json-depth.ts';

test.each([
  ['1', 0],
  ['"[[{"', 0],
  ['"\\"[["', 0],
  ['[]', 1],
  ['[[], {"a": [{}]}, []]', 4],
  ['{"]": [1, "}"]}', 2],
])('%s has %i levels', (text, levels) => {
  JSON.parse(text);
  expect(jsonDepth(text)).toBe(levels);
});
