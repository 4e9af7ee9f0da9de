import { RawJson } from '../raw-json.ts';
import { hasReference } from './go-date-layout.ts';
import type { JsonValue } from './json-value.ts';
import { TemplateError } from './template-error.ts';
import { type Token, type TokenKind, quotedNames, tokenAt, unquote } from './template-tokens.ts';

/** Stages with `|` between them; the value of one is what the next one sees as `.`. */
export type Expression = readonly Stage[];

/** Terms with `//` between them. */
export type Stage = readonly Term[];

export type Term =
  | { readonly kind: 'path'; readonly steps: readonly Step[] }
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'now' }
  | { readonly kind: 'date'; readonly layout: string; readonly at: number };

/** One step of a path: a member by its name, or an element by its index, from the end when it is negative. */
export interface Step {
  readonly to: string | number;
  readonly at: number;
}

/** Pipes in one template. */
export const mostPipes = 32;

/** Where reading stands. */
interface Cursor {
  readonly text: string;
  /** Where the template's `{{` is. */
  readonly opening: number;
  token: Token;
}

/**
 * Reads what stands between `{{` and `}}`.
 * @param opening where the `{{` is in the text
 * @returns the expression, and where the text goes on behind its `}}`
 * @throws TemplateError at the first fault
 */
export function parseExpression(text: string, opening: number): { expression: Expression; end: number } {
  const cursor: Cursor = { text, opening, token: tokenAt(text, opening + '{{'.length) };
  const stages = [parseStage(cursor, true)];
  while (cursor.token.kind === '|') {
    if (stages.length > mostPipes) {
      throw new TemplateError(`a template has ${mostPipes} pipes at most`, cursor.token.at);
    }
    advance(cursor);
    stages.push(parseStage(cursor, false));
  }
  if (cursor.token.kind !== '}}') throw unexpected(cursor, '|, // or }}');
  return { expression: stages, end: cursor.token.end };
}

function parseStage(cursor: Cursor, isFirst: boolean): Stage {
  const terms = [parseTerm(cursor, isFirst)];
  while (cursor.token.kind === '//') {
    advance(cursor);
    terms.push(parseTerm(cursor, isFirst));
  }
  return terms;
}

const constants: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null };

function parseTerm(cursor: Cursor, isFirst: boolean): Term {
  const token = cursor.token;
  if (token.kind === '.') return parsePath(cursor);
  if (token.kind === 'name') return parseWord(cursor, isFirst);
  if (token.kind === '[') {
    advance(cursor);
    expect(cursor, ']', '], for arrays other than [] cannot be written here');
    return { kind: 'literal', value: [] };
  }
  const value = literalOf(token);
  if (value === undefined) throw unexpected(cursor, 'a path such as .outputs, a literal or a function');
  advance(cursor);
  return { kind: 'literal', value };
}

function literalOf(token: Token): JsonValue | undefined {
  if (token.kind === 'string') return unquote(token);
  if (token.kind === 'number') return new RawJson(token.text);
  return token.kind === '{}' ? {} : undefined;
}

function parseWord(cursor: Cursor, isFirst: boolean): Term {
  const { text: word, at } = cursor.token;
  advance(cursor);
  if (Object.hasOwn(constants, word)) return { kind: 'literal', value: constants[word]! };
  if (word === 'now') return { kind: 'now' };
  if (word !== 'date' && word !== 'todateiso8601') {
    throw new TemplateError(
      `there is no function ${word}, only now, date and todateiso8601; a path begins with a dot, as .${word}`,
      at,
    );
  }
  if (isFirst) {
    throw new TemplateError(`${word} takes the value before a |, as in now | date "2006-01-02"`, at);
  }
  return { kind: 'date', layout: word === 'date' ? parseLayout(cursor) : '2006-01-02T15:04:05Z', at };
}

function parseLayout(cursor: Cursor): string {
  const token = expect(cursor, 'string', 'a layout in quotes, as in date "2006-01-02"');
  const layout = unquote(token);
  if (hasReference(layout)) return layout;
  throw new TemplateError(
    "the layout has no part of Go's reference time, Mon Jan 2 15:04:05 MST 2006; write it as 2006-01-02",
    token.at,
  );
}

function parsePath(cursor: Cursor): Term {
  const steps: Step[] = [];
  if (isName(advance(cursor))) steps.push(parseName(cursor));
  for (;;) {
    if (cursor.token.kind === '[') {
      steps.push(parseBracket(cursor));
    } else if (cursor.token.kind === '.' && steps.length > 0) {
      const next = advance(cursor);
      if (isName(next)) steps.push(parseName(cursor));
      else if (next.kind !== '[') throw unexpected(cursor, 'a name');
    } else {
      return { kind: 'path', steps };
    }
  }
}

const isName = ({ kind }: Token) => kind === 'name' || kind === 'string';

function parseName(cursor: Cursor): Step {
  const { token } = cursor;
  advance(cursor);
  return { to: token.kind === 'string' ? unquote(token) : token.text, at: token.at };
}

function parseBracket(cursor: Cursor): Step {
  const token = advance(cursor);
  const index = Number(token.text);
  if (token.kind !== 'string' && (token.kind !== 'number' || !Number.isSafeInteger(index))) {
    throw unexpected(cursor, 'a whole number or a name in quotes');
  }
  advance(cursor);
  expect(cursor, ']', ']');
  return { to: token.kind === 'string' ? unquote(token) : index, at: token.at };
}

/** @returns the token that comes next */
function advance(cursor: Cursor): Token {
  return (cursor.token = tokenAt(cursor.text, cursor.token.end));
}

function expect(cursor: Cursor, kind: TokenKind, what: string): Token {
  const { token } = cursor;
  if (token.kind !== kind) throw unexpected(cursor, what);
  advance(cursor);
  return token;
}

function unexpected({ token, opening }: Cursor, wanted: string): TemplateError {
  // As in .outputs.step-1 and .outputs.2nd.
  const hint = token.kind === 'number' ? `; ${quotedNames}` : '';
  return token.kind === 'end of text'
    ? new TemplateError('this {{ has no closing }}', opening)
    : new TemplateError(`expected ${wanted}, not ${token.text}${hint}`, token.at);
}
