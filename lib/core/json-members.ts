/**
 * The members of a JSON object with their values as they were written, so that numbers and spacing survive.
 * Where a name comes twice the last one counts, as with JSON.parse.
 * @param text a JSON object that JSON.parse has accepted; anything else gives nonsense
 */
export function jsonMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
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

/** @returns the index behind the closing quote of the string that opens at `from` */
function skipString(text: string, from: number): number {
  let end = from;
  for (;;) {
    end = text.indexOf('"', end + 1);
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
}

function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === quote) return skipString(text, from);
  let at = from;
  if (first !== openBrace && first !== openBracket) {
    while (at < text.length && !endsScalar(text.charCodeAt(at))) at++;
    return at;
  }
  let depth = 0;
  for (;;) {
    const character = text.charCodeAt(at);
    if (character === quote) {
      at = skipString(text, at);
      continue;
    }
    if (character === openBrace || character === openBracket) depth++;
    if ((character === closeBrace || character === closeBracket) && --depth === 0) return at + 1;
    at++;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const endsScalar = (code: number) =>
  code === 0x2c || code === closeBrace || code === closeBracket || isSpace(code);
