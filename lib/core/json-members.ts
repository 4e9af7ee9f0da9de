import {
  closeBrace,
  closeBracket,
  comma,
  openBrace,
  openBracket,
  quote,
  stringEnd,
} from './json-characters.ts';

/**
 * The members of a JSON object with their values as they were written, so that numbers and spacing survive.
 * Where a name comes twice the last one counts, as with JSON.parse.
 * @param text a JSON object that JSON.parse has accepted; anything else gives nonsense
 */
export function jsonMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const nameEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = skipValue(text, start);
    members.set(name, text.slice(start, end));
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === quote) return stringEnd(text, from);
  let at = from;
  if (first !== openBrace && first !== openBracket) {
    while (at < text.length && !endsScalar(text.charCodeAt(at))) at++;
    return at;
  }
  let depth = 0;
  for (;;) {
    const character = text.charCodeAt(at);
    if (character === quote) {
      at = stringEnd(text, at);
      continue;
    }
    if (character === openBrace || character === openBracket) depth++;
    if ((character === closeBrace || character === closeBracket) && --depth === 0) return at + 1;
    at++;
  }
}

const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const endsScalar = (code: number) =>
  code === comma || code === closeBrace || code === closeBracket || isSpace(code);
