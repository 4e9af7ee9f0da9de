import {
  closeBrace,
  closeBracket,
  colon,
  comma,
  openBrace,
  openBracket,
  quote,
  stringEnd,
} from './json-characters.ts';

/**
 * Where a JSON text holds a number that JavaScript would change: one whose value differs from the value of the
 * shortest text that JavaScript writes for it. `1.10`, `1e3` and `0.1` are safe, `12345678901234567890` and `1e400`
 * are not. A digit in a string is no number.
 * @param text a JSON text that JSON.parse has accepted; anything else gives nonsense
 * @returns the path of the first such number, as `$.items[2].amount`, cut at 200 characters; undefined when all are
 *   safe. It holds member names, but no values.
 */
export function unsafeNumberPath(text: string): string | undefined {
  if (!mayBeUnsafe.test(text)) return undefined;
  // Names and indexes of the containers that are open; a name is kept as the index of its opening quote.
  const open: { isArray: boolean; at: number }[] = [];
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    const container = open.at(-1);
    if (code === quote) {
      const end = stringEnd(text, at);
      // The last string before a value is that value's name.
      if (container?.isArray === false && isName(text, end)) container.at = at;
      at = end;
    } else if (code === minus || (code >= zero && code <= nine)) {
      number.lastIndex = at;
      const literal = number.exec(text)![0];
      if (!isSafeNumber(literal)) return pathOf(text, open);
      at += literal.length;
    } else {
      if (code === openBrace || code === openBracket) open.push({ isArray: code === openBracket, at: 0 });
      else if (code === closeBrace || code === closeBracket) open.pop();
      else if (code === comma && container?.isArray) container.at++;
      at++;
    }
  }
  return undefined;
}

/** @param literal a number as JSON writes it */
export function isSafeNumber(literal: string): boolean {
  const value = Number(literal);
  return Number.isFinite(value) && decimalOf(literal) === decimalOf(String(value));
}

/**
 * A double holds every decimal of up to 15 digits, so a number without 16 digits in a row (a dot may be among them) is
 * unsafe only by its exponent, and only one of three digits can leave the range. This keeps usual texts at one look.
 */
const mayBeUnsafe = /[\d.]{16}|\d[eE][+-]?\d{3}/;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The value of a decimal number as one text: its sign, its digits without zeros around them, and their exponent. */
function decimalOf(literal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal)!;
  const digits = whole + fraction;
  let first = 0;
  while (digits.charCodeAt(first) === zero) first++;
  if (first === digits.length) return '0';
  // No regular expression: one that looks for zeros at the end takes quadratic time on a long run of them.
  let last = digits.length;
  while (digits.charCodeAt(last - 1) === zero) last--;
  return `${sign}${digits.slice(first, last)}e${Number(exponent) - fraction.length + digits.length - last}`;
}

/** Whether a colon follows the string that ends at `end`. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= space) at++;
  return text.charCodeAt(at) === colon;
}

function pathOf(text: string, open: readonly { isArray: boolean; at: number }[]): string {
  let path = '$';
  for (const { isArray, at } of open) {
    if (isArray) path += `[${at}]`;
    else path += member(JSON.parse(text.slice(at, stringEnd(text, at))) as string);
    if (path.length > mostPathCharacters) return `${path.slice(0, mostPathCharacters)}…`;
  }
  return path;
}

const member = (name: string) =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, mostPathCharacters))}]`;

const mostPathCharacters = 200;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;
const space = 0x20;
