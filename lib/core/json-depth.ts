import { closeBrace, closeBracket, openBrace, openBracket, quote, stringEnd } from './json-characters.ts';

/**
 * How many arrays and objects are inside one another at most.
 * @param text JSON that JSON.parse has accepted; anything else gives nonsense
 */
export function jsonDepth(text: string): number {
  let [depth, deepest] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = stringEnd(text, at) - 1;
    else if (code === openBrace || code === openBracket) deepest = Math.max(deepest, ++depth);
    else if (code === closeBrace || code === closeBracket) depth--;
  }
  return deepest;
}
