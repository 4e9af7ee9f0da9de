import { expect, test } from 'vitest';
import { createRedactor } from '../../lib/core/redaction.ts';

const secret = 'Aa0/Bb1+Cc2=Dd3&Ee4"Ff5é';
const escaped = (pattern: RegExp, write: (character: string) => string) => secret.replace(pattern, write);
const hex = (character: string) => character.charCodeAt(0).toString(16);

/** What receivers made of it. */
const echoes: Readonly<Record<string, string>> = {
  plainly: secret,
  'in a URL': encodeURIComponent(secret),
  'in a URL in lower case': encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
  'in JSON': JSON.stringify(secret).slice(1, -1),
  'in JSON with escaped slashes': JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'with escapes of JSON': escaped(/[^a-z0-9]/gi, (character) => `\\u${hex(character).padStart(4, '0')}`),
  'with escapes of JSON in upper case': escaped(
    /[/+=&"]/g,
    (character) => `\\u00${hex(character).toUpperCase()}`,
  ),
  'in HTML': escaped(/[&"]/g, (character) => (character === '&' ? '&amp;' : '&quot;')),
  'in HTML with hexadecimal entities': escaped(
    /[/=&"]/g,
    (character) => `&#x${hex(character).toUpperCase()};`,
  ),
  'in HTML with entities in lower case': escaped(/[^a-z0-9]/gi, (character) => `&#x${hex(character)};`),
  'in HTML with decimal entities': escaped(/[^a-z0-9]/gi, (character) => `&#${character.charCodeAt(0)};`),
};

test.each(Object.keys(echoes))('a secret echoed %s is taken out, whole or cut', (name) => {
  const echo = echoes[name]!;
  const { redact } = createRedactor([secret]);
  expect(redact(`<${echo}> and ${echo}`, false)).toBe('<[redacted]> and [redacted]');
  for (let length = 20; length < echo.length; length++) {
    expect(redact(`your key ${echo.slice(0, length)}`, true), String(length)).toBe('your key [redacted]');
  }
});

test('the longest secret goes first, and what is none stays', () => {
  const { redact } = createRedactor(['token-1', 'Bearer token-1', '%2F%2F', 'abc']);
  expect(redact('Bearer token-1, token-1, %2F%2F, %2f, abc, Bear', false)).toBe(
    '[redacted], [redacted], [redacted], %2f, abc, Bear',
  );
});

test('a secret and a text of nothing but backslashes cost little, and show nothing', () => {
  const { redact } = createRedactor([`${'\\'.repeat(1023)}x`, 'another secret']);
  expect(redact(`no: ${'\\'.repeat(4096)}`, false)).toBe('no: [redacted]');
});

test('many long secrets, each nearly there at each place of a text, cost little: the rest of it is not shown', () => {
  const secrets = Array.from({ length: 50 }, (_, n) => `${'/'.repeat(1020)}${n}`);
  const { redact } = createRedactor(secrets);
  expect(redact(`no: ${'/'.repeat(4096)} end`, false)).toMatch(/^no: \/*\[redacted\]$/);
  expect(redact(`no: ${secrets[7]!} end`, false)).toBe('no: [redacted] end');
});

test('of a text with more secrets than can be looked for nothing is shown', () => {
  const { redact } = createRedactor(Array.from({ length: 1000 }, (_, n) => `secret-${n}`));
  expect(redact('anything', false)).toBe('[redacted]');
});
