import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonMembers } from '../../lib/core/json-members.ts';

test('values come as they were written', () => {
  const text =
    '{ "big" : 12345678901234567890 ,"money":1.10,\n"e":1e3,"o":{"zebra":1, "a":[2,{"}":"]"}]},"s":"\\"}\\\\"}';
  expect(Object.fromEntries(jsonMembers(text))).toEqual({
    big: '12345678901234567890',
    money: '1.10',
    e: '1e3',
    o: '{"zebra":1, "a":[2,{"}":"]"}]}',
    s: '"\\"}\\\\"',
  });
});

test('names may be escaped, and the last of two with one name counts', () => {
  expect(jsonMembers('{"d\\u0061ta":1,"data":2}').get('data')).toBe('2');
});

test('an empty object has no members', () => {
  expect(jsonMembers(' { } ').size).toBe(0);
});

test('each member of any object parses to what the whole says', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(undefined, 1, '\t'),
      (object, space) => {
        const text = JSON.stringify(object, undefined, space);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const members = jsonMembers(text);
        expect([...members.keys()].sort()).toEqual(Object.keys(parsed).sort());
        for (const [name, value] of members) expect(JSON.parse(value)).toEqual(parsed[name]);
      },
    ),
  );
});
