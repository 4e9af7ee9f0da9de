import { expect, test } from 'vitest';
import { faultList, memberPath } from '../../lib/core/field-faults.ts';

test.each([
  ['', 'date', 'date'],
  ['', 3, '[3]'],
  ['[3]', 'payload', '[3].payload'],
  ['payload.volumes', 'a:b', 'payload.volumes["a:b"]'],
  ['a', '', 'a[""]'],
])('of %j the member %j is at %s', (path, member, expected) => {
  expect(memberPath(path, member)).toBe(expected);
});

test('the first 100 faults are kept, with paths of 200 characters', () => {
  const { faults, report } = faultList();

  report('x'.repeat(200), 'as long as it may be');
  report('x'.repeat(201), 'too long');
  for (let at = 0; at < 200; at++) report(`[${at}]`, 'wrong');

  expect(faults).toHaveLength(100);
  expect(faults[0]!.path).toBe('x'.repeat(200));
  expect(faults[1]!.path).toBe(`${'x'.repeat(200)}…`);
  expect(faults[99]).toEqual({ path: '[97]', message: 'wrong' });
});
