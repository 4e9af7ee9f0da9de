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
 * The elements of a JSON array as they were written, so that numbers and spacing survive.
 * @param text a JSON array that JSON.parse has accepted; anything else gives nonsense
 */
export function jsonElements(text: string): string[] {
  const elements: string[] = [];
  let open = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = stringEnd(text, at) - 1;
    } else if (code === openBrace || code === openBracket) {
      if (++open === 1) start = at + 1;
    } else if (code === closeBrace || code === closeBracket) {
      if (--open === 0) elements.push(text.slice(start, at).trim());
    } else if (code === comma && open === 1) {
      elements.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  // What stands between the brackets of an empty array is no element.
  return elements[0] === '' ? [] : elements;
}
