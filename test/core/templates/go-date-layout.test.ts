import { describe, expect, test } from 'vitest';
import { RawJson } from '../../../lib/core/raw-json.ts';
import { formatGoLayout, hasReference } from '../../../lib/core/templates/go-date-layout.ts';
import { instantOf } from '../../../lib/core/templates/instant.ts';

/** What Go's own tests use (src/time/format_test.go), but in UTC. */
const time = '2009-02-04T21:00:57.012345600Z';

function format(layout: string, at: string = time): string {
  return formatGoLayout(instantOf(at)!, layout);
}

describe("Go's own examples", () => {
  test.each([
    ['Layout', "01/02 03:04:05PM '06 -0700", "02/04 09:00:57PM '09 +0000"],
    ['ANSIC', 'Mon Jan _2 15:04:05 2006', 'Wed Feb  4 21:00:57 2009'],
    ['UnixDate', 'Mon Jan _2 15:04:05 MST 2006', 'Wed Feb  4 21:00:57 UTC 2009'],
    ['RubyDate', 'Mon Jan 02 15:04:05 -0700 2006', 'Wed Feb 04 21:00:57 +0000 2009'],
    ['RFC822', '02 Jan 06 15:04 MST', '04 Feb 09 21:00 UTC'],
    ['RFC822Z', '02 Jan 06 15:04 -0700', '04 Feb 09 21:00 +0000'],
    ['RFC850', 'Monday, 02-Jan-06 15:04:05 MST', 'Wednesday, 04-Feb-09 21:00:57 UTC'],
    ['RFC1123', 'Mon, 02 Jan 2006 15:04:05 MST', 'Wed, 04 Feb 2009 21:00:57 UTC'],
    ['RFC1123Z', 'Mon, 02 Jan 2006 15:04:05 -0700', 'Wed, 04 Feb 2009 21:00:57 +0000'],
    ['RFC3339', '2006-01-02T15:04:05Z07:00', '2009-02-04T21:00:57Z'],
    ['RFC3339Nano', '2006-01-02T15:04:05.999999999Z07:00', '2009-02-04T21:00:57.0123456Z'],
    ['Kitchen', '3:04PM', '9:00PM'],
    ['am/pm', '3pm', '9pm'],
    ['AM/PM', '3PM', '9PM'],
    ['two-digit year', '06 01 02', '09 02 04'],
    ['Janet', 'Hi Janet, the Month is January', 'Hi Janet, the Month is February'],
    ['Stamp', 'Jan _2 15:04:05', 'Feb  4 21:00:57'],
    ['StampMilli', 'Jan _2 15:04:05.000', 'Feb  4 21:00:57.012'],
    ['StampMicro', 'Jan _2 15:04:05.000000', 'Feb  4 21:00:57.012345'],
    ['StampNano', 'Jan _2 15:04:05.000000000', 'Feb  4 21:00:57.012345600'],
    ['DateTime', '2006-01-02 15:04:05', '2009-02-04 21:00:57'],
    ['DateOnly', '2006-01-02', '2009-02-04'],
    ['TimeOnly', '15:04:05', '21:00:57'],
    ['YearDay', 'Jan  2 002 __2 2', 'Feb  4 035  35 4'],
    ['Year', '2006 6 06 _6 __6 ___6', '2009 6 09 _6 __6 ___6'],
    ['Month', 'Jan January 1 01 _1', 'Feb February 2 02 _2'],
    ['DayOfMonth', '2 02 _2 __2', '4 04  4  35'],
    ['DayOfWeek', 'Mon Monday', 'Wed Wednesday'],
    ['Hour', '15 3 03 _3', '21 9 09 _9'],
    ['Minute', '4 04 _4', '0 00 _0'],
    ['Second', '5 05 _5', '57 57 _57'],
  ])('%s', (_, layout, expected) => {
    expect(format(layout)).toBe(expected);
  });

  test('single digits (issue 12440)', () => {
    expect(format('3:4:5', '2001-02-03T04:05:06.7Z')).toBe('4:5:6');
  });

  test.each([
    ['2006-01-02T15:04:05Z07:00', '2009-02-04T21:00:57Z'],
    ['2006-01-02 002 15:04:05', '2009-02-04 035 21:00:57'],
    ['2006-01 002 15:04:05', '2009-02 035 21:00:57'],
    ['2006-002 15:04:05', '2009-035 21:00:57'],
    ['200600201 15:04:05', '200903502 21:00:57'],
    ['200600204 15:04:05', '200903500 21:00:57'],
  ])('parts that stand next to each other: %s', (layout, expected) => {
    expect(format(layout)).toBe(expected);
  });
});

test.each([
  ['Z0700 Z07:00 Z07 Z070000 Z07:00:00', 'Z Z Z Z Z'],
  ['-0700 -07:00 -07 -070000 -07:00:00', '+0000 +00:00 +00 +000000 +00:00:00'],
  ['_2006 __2006', '_2009  35009'],
  ['15:04:05,000 15:04:05,999', '21:00:57,012 21:00:57,012'],
  ['.9|.99|.999|.999999|.999999999', '|.01|.012|.012345|.0123456'],
  ['.0 .00 .000000000000', '.0 .01 .012345600'],
  ['.09 .90 .01 .00x', '.09 .90 .02 .01x'],
  ['Monday Mondays Month Mons', 'Wednesday Wednesdays Month Mons'],
  ['été 2006 🎉', 'été 2009 🎉'],
  ['__proto__ constructor 2', '__proto__ constructor 4'],
])('%s', (layout, expected) => {
  expect(format(layout)).toBe(expected);
});

test.each([
  ['2024-01-01T00:00:00Z', '12 12 AM am 001 1'],
  ['2024-12-31T12:00:00Z', '12 12 PM pm 366 12'],
  ['2023-12-31T23:59:59Z', '11 11 PM pm 365 12'],
  ['2024-03-01T01:00:00Z', '01 1 AM am 061 3'],
])('noon, midnight and days of leap years: %s', (at, expected) => {
  expect(format('03 3 PM pm 002 1', at)).toBe(expected);
});

test.each([
  ['0000-01-01T00:00:00Z', 'Saturday 0000 00'],
  ['0099-10-09T00:00:00Z', 'Friday 0099 99'],
  ['9999-12-31T23:59:59.999999999Z', 'Friday 9999 99'],
])('years of any four digits: %s', (at, expected) => {
  expect(format('Monday 2006 06', at)).toBe(expected);
});

describe('a time', () => {
  const layout = '2006-01-02T15:04:05.999999999';

  test.each([
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00'],
    ['2024-01-15t10:30:00z', '2024-01-15T10:30:00'],
    ['2024-01-15T10:30:00+05:30', '2024-01-15T05:00:00'],
    ['2024-01-15T22:30:00-08:00', '2024-01-16T06:30:00'],
    ['2024-01-15T10:30:00.1234567899Z', '2024-01-15T10:30:00.123456789'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.5'],
  ])('in RFC 3339: %s', (text, expected) => {
    expect(format(layout, text)).toBe(expected);
  });

  test.each([
    ['0', '1970-01-01T00:00:00'],
    ['1705314600', '2024-01-15T10:30:00'],
    ['1705314600.123456789', '2024-01-15T10:30:00.123456789'],
    ['1.7053146e9', '2024-01-15T10:30:00'],
    ['1E-3', '1970-01-01T00:00:00.001'],
    ['-0.5', '1969-12-31T23:59:59.5'],
    ['-1', '1969-12-31T23:59:59'],
    ['-1.0', '1969-12-31T23:59:59'],
    ['-62167219200', '0000-01-01T00:00:00'],
    ['253402300799.999999999', '9999-12-31T23:59:59.999999999'],
  ])('in unix seconds: %s', (literal, expected) => {
    expect(formatGoLayout(instantOf(new RawJson(literal))!, layout)).toBe(expected);
  });

  test.each([
    '',
    'today',
    '2024-01-15',
    '2024-01-15T10:30:00',
    '2024-01-15 10:30:00Z',
    '2024-02-30T10:30:00Z',
    '2023-02-29T10:30:00Z',
    '2024-13-01T10:30:00Z',
    '2024-01-15T24:00:00Z',
    '2024-01-15T10:60:00Z',
    '2024-01-15T10:30:60Z',
    '2024-01-15T10:30:00+24:00',
    '2024-01-15T10:30:00+01:60',
    '2024-01-15T10:30:00.Z',
    '+002024-01-15T10:30:00Z',
    '0000-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '1705314600',
    `2024-01-15T10:30:00.${'1'.repeat(44)}Z`,
  ])('is not %j', (text) => {
    expect(instantOf(text)).toBeUndefined();
  });

  test.each(['253402300800', '-62167219200.5', '-62167219201', '1e400', '1705314600000'])(
    'is not the number %s',
    (literal) => {
      expect(instantOf(new RawJson(literal))).toBeUndefined();
    },
  );

  test.each([null, true, false, [[]], [{}]])('is not %j', (value) => {
    expect(instantOf(value as never)).toBeUndefined();
  });
});

test.each([
  ['2006', true],
  ['at 3 o’clock', true],
  ['yyyy-MM-dd', false],
  ['%Y-%m-%d', false],
  ['', false],
])('%j says something about a time: %s', (layout, expected) => {
  expect(hasReference(layout)).toBe(expected);
});
