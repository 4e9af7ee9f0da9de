import { expect, test } from 'vitest';
import { withoutPayload } from '../../lib/core/payload-echo.ts';

const data =
  '{ "customer_name": "Ünal Müller", "note": "said \\"hello there\\"", "card": 4242424242424242, "n": 1.10, "list": ["a longer value", "a longer value, indeed"], "short": "abc" }';

test.each([
  ['all of it', data, '{ "customer_name": "[redacted]", "note": "[redacted]", "card": [redacted], "n": 1.10, "list": ["[redacted]", "[redacted]"], "short": "abc" }'], // prettier-ignore
  ['written anew', JSON.stringify(JSON.parse(data)), '{"customer_name":"[redacted]","note":"[redacted]","card":[redacted],"n":1.1,"list":["[redacted]","[redacted]"],"short":"abc"}'], // prettier-ignore
  ['a value that it cuts', '{"note": "said \\"hello', '{"note": "[redacted]'],
  ['a part of a value', 'no: a longer value...', 'no: [redacted]...'],
  ['a form', 'customer_name=Ünal+Müller&short=abc', 'customer_name=[redacted]&short=abc'],
  ['a value', 'customer_name is no name: Ünal Müller', 'customer_name is no name: [redacted]'],
  ['a value with escapes, plainly', 'what: said "hello there"?', 'what: [redacted]?'],
  ['a number', 'card 4242424242424242 is expired', 'card [redacted] is expired'],
  ['nothing of it', 'field customer_name is missing, abc', 'field customer_name is missing, abc'],
])('an answer that echoes %s', (_, text, expected) => {
  expect(withoutPayload(text, data)).toBe(expected);
});

test.each(['"\\ud800 lonely"', '"a\\\\b\\\\c\\\\d\\\\e"', '12345678', 'null', '{}', '[]'])(
  'a payload of %s is no trouble',
  (payload) => {
    expect(withoutPayload(`<${payload}>`, payload)).not.toBe('');
  },
);

test('a payload and an answer of the same character all over take no longer than others', () => {
  const many = 'a'.repeat(4096);
  expect(withoutPayload(many, JSON.stringify('a'.repeat(250_000)))).toBe('[redacted]');
});
