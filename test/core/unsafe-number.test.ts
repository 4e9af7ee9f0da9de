import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSafeNumber, unsafeNumberPath } from '../../lib/core/unsafe-number.ts';

test.each([
  '0',
  '-0',
  '0.0',
  '0e999',
  '1.10',
  '1e3',
  '1E+3',
  '0.1',
  '100e-2',
  '-12.5',
  '9007199254740992',
  '9007199254740994',
  '1.0000000000000000000',
  '100000000000000000000',
  '1e21',
  '1000000000000000000000000',
  '1.7976931348623157e308',
  '5e-324',
  '123456789012345',
  '0.30000000000000004',
])('%s is a number that JavaScript keeps', (literal) => {
  expect(unsafeNumberPath(`{"n":${literal}}`)).toBeUndefined();
});

test.each([
  '12345678901234567890',
  '9007199254740993',
  '-9007199254740993',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1000000000000000055511151231257827',
  '1234567.8901234567890123',
  '1.00000000000000000001',
  '4e-324',
  '1e0000000000000000000000400',
  `1${'0'.repeat(400)}`,
])('%s is a number that JavaScript changes', (literal) => {
  expect(unsafeNumberPath(`{"n":${literal}}`)).toBe('$.n');
});

test.each([
  ['9007199254740993', '$'],
  ['[1,[2,9007199254740993]]', '$[1][1]'],
  ['{"a":{"b":[{"c":"9007199254740993"},{"d":9007199254740993}]}}', '$.a.b[1].d'],
  ['{"a":[1,2,{"x":[]}],"b" : [[],{} , 9007199254740993]}', '$.b[2]'],
  ['{"a":{"b":1},"c":9007199254740993}', '$.c'],
  ['{"with space":{"\\"":9007199254740993}}', '$["with space"]["\\""]'],
  ['{"a":"b","":9007199254740993}', '$[""]'],
])('the path in %s leads to the number', (text, path) => {
  expect(unsafeNumberPath(text)).toBe(path);
});

test.each([
  '"12345678901234567890"',
  '["\\"12345678901234567890", "1e400\\\\"]',
  '{"12345678901234567890":1}',
])('digits in the string of %s are no number', (text) => {
  expect(unsafeNumberPath(text)).toBeUndefined();
});

test('a path is cut where it would be long', () => {
  const path = unsafeNumberPath(`${'['.repeat(500)}9007199254740993${']'.repeat(500)}`)!;
  expect(path).toHaveLength(201);
  expect(path.startsWith('$[0][0]')).toBe(true);
});

test('what JavaScript wrote itself is safe, whatever value it has', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      expect(unsafeNumberPath(JSON.stringify(value, undefined, space))).toBeUndefined();
    }),
  );
});

test('a decimal number is safe exactly when its value is that of the text JavaScript writes for it', () => {
  const digits = fc.stringMatching(/^\d{1,30}$/);
  fc.assert(
    fc.property(
      fc.boolean(),
      digits,
      fc.option(digits, { nil: undefined }),
      fc.option(fc.integer({ min: -340, max: 340 }), { nil: undefined }),
      (negative, whole, fraction, exponent) => {
        const literal = `${negative ? '-' : ''}${whole.replace(/^0+(?=\d)/, '')}${fraction === undefined ? '' : `.${fraction}`}${exponent === undefined ? '' : `e${exponent}`}`;

        const written = String(Number(literal));

        expect(isSafeNumber(literal)).toBe(/\d$/.test(written) && scaled(literal) === scaled(written));
        expect(unsafeNumberPath(`[${literal}]`)).toBe(isSafeNumber(literal) ? undefined : '$[0]');
      },
    ),
    { numRuns: 2_000 },
  );
});

/** The value times 10 to the 1000, which makes an integer of every number above. */
function scaled(literal: string): bigint {
  const [mantissa = '', exponent = '0'] = literal.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(1000 + Number(exponent) - fraction.length);
}
