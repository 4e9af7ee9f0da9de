import { RawJson } from '../raw-json.ts';
import type { Expression, Step, Term } from './expression.ts';
import { formatGoLayout } from './go-date-layout.ts';
import { instantOf } from './instant.ts';
import { type JsonValue, isList, isObject, kindOf } from './json-value.ts';
import { TemplateError } from './template-error.ts';

/** What templates are rendered against. */
export interface TemplateScope {
  /** What `.` is at the beginning of a template. */
  readonly context: JsonValue;
  /** The time of the call, milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * The value of what stands between `{{` and `}}`.
 * @returns null for a path that leads nowhere
 * @throws TemplateError where a value is not of the kind that a step or `date` takes
 */
export function evaluate(expression: Expression, { context, nowMs }: TemplateScope): JsonValue {
  return expression.reduce<JsonValue>((input, terms) => {
    for (const term of terms.slice(0, -1)) {
      const value = evaluateTerm(term, input, nowMs);
      if (value !== null && value !== false) return value;
    }
    return evaluateTerm(terms.at(-1)!, input, nowMs);
  }, context);
}

function evaluateTerm(term: Term, input: JsonValue, nowMs: number): JsonValue {
  switch (term.kind) {
    case 'path':
      return term.steps.reduce(take, input);
    case 'literal':
      return term.value;
    case 'now':
      return new RawJson(String(nowMs / 1000));
    case 'date':
      return dateOf(input, term);
  }
}

function take(value: JsonValue, { to, at }: Step): JsonValue {
  if (value === null) return null;
  if (typeof to === 'number') {
    if (!isList(value)) throw new TemplateError(`${kindOf(value)} has no element [${to}]`, at);
    return value.at(to) ?? null;
  }
  if (!isObject(value)) throw new TemplateError(`${kindOf(value)} has no member ${JSON.stringify(to)}`, at);
  return Object.hasOwn(value, to) ? value[to]! : null;
}

function dateOf(input: JsonValue, { layout, at }: Extract<Term, { kind: 'date' }>): JsonValue {
  // A time that is not there is missing, and `//` may follow.
  if (input === null) return null;
  const instant = instantOf(input);
  if (instant === undefined) {
    throw new TemplateError(
      `${kindOf(input)} is no time unless it is RFC 3339, as "2024-01-15T10:30:00Z", or unix seconds, within the years 0000 to 9999`,
      at,
    );
  }
  return formatGoLayout(instant, layout);
}
