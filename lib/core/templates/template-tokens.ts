import { TemplateError } from './template-error.ts';

export type TokenKind =
  'name' | 'string' | 'number' | '.' | '[' | ']' | '|' | '//' | '{}' | '}}' | 'end of text';

export interface Token {
  readonly kind: TokenKind;
  /** As it is written. */
  readonly text: string;
  /** Where it begins and ends, as indexes of the string that holds the template. */
  readonly at: number;
  readonly end: number;
}

/** Tried in this order: `{}` before `}}`, so that `{{ .a // {}}}` reads as it looks. */
const forms: readonly (readonly [TokenKind, RegExp])[] = [
  ['name', /[A-Za-z_]\w*/y],
  ['string', /"(?:[^"\\]|\\.)*"/sy],
  ['number', /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['.', /\./y],
  ['[', /\[/y],
  [']', /\]/y],
  ['|', /\|/y],
  ['//', /\/\//y],
  ['{}', /\{\s*\}/y],
  ['}}', /\}\}/y],
];

const space = /\s*/y;

/**
 * The token at a place of a template, or the next one after white space.
 * @throws TemplateError where none begins
 */
export function tokenAt(text: string, from: number): Token {
  space.lastIndex = from;
  const at = from + space.exec(text)![0].length;
  if (at === text.length) return { kind: 'end of text', text: '', at, end: at };
  for (const [kind, form] of forms) {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    if (found !== undefined) return { kind, text: found, at, end: at + found.length };
  }
  throw new TemplateError(complaintAbout(text, at), at);
}

/** What is said where somebody may have meant a name. */
export const quotedNames =
  'a name that is not letters, digits and _ after a letter or _ is written in quotes, as .outputs["my-node"]';

function complaintAbout(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  if (character === '"') return 'this string has no closing quote';
  const complaint = `${JSON.stringify(character)} has no meaning here`;
  if (!/[-$\p{L}\p{M}\p{N}]/u.test(character)) return complaint;
  return `${complaint}; ${quotedNames}`;
}

/**
 * What a string of a template stands for. It has the escapes of JSON, and may hold line breaks as they are.
 * @throws TemplateError at an escape that JSON has not
 */
export function unquote({ text, at }: Token): string {
  return text.slice(1, -1).replace(/\\(?:u[0-9a-fA-F]{4}|.)/gs, (escape, offset: number) => {
    if (!/^\\(?:u.{4}|["\\/bfnrt])$/.test(escape)) {
      throw new TemplateError(
        `${escape} is no escape; there are \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hex digits`,
        at + 1 + offset,
      );
    }
    return JSON.parse(`"${escape}"`) as string;
  });
}
