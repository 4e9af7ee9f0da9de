import { type Report, memberPath } from './field-faults.ts';
import { RawJson } from './raw-json.ts';
import { instantOf } from './templates/instant.ts';
import { type JsonValue, isList, isObject } from './templates/json-value.ts';

/** Reports what is wrong with the value at a path; a value of undefined is an absent one. */
export type Rule = (value: JsonValue | undefined, path: string, report: Report) => void;

/** A value for which the test holds. */
export function valueThat(holds: (value: JsonValue) => boolean, message: string): Rule {
  return (value, path, report) => {
    if (value === undefined) report(path, 'is missing');
    else if (!holds(value)) report(path, message);
  };
}

/** An object with these members; further ones pass. */
export function objectWith(rules: Readonly<Record<string, Rule>>): Rule {
  const entries = Object.entries(rules);
  return (value, path, report) => {
    if (value === undefined || !isObject(value)) return object(value, path, report);
    for (const [name, rule] of entries) rule(value[name], memberPath(path, name), report);
  };
}

/** An array, of any length, of such values. */
export function listOf(rule: Rule): Rule {
  return (value, path, report) => {
    if (value === undefined || !isList(value)) return list(value, path, report);
    for (const [index, element] of value.entries()) rule(element, memberPath(path, index), report);
  };
}

/** An object of such values, whatever their names. */
export function mapOf(rule: Rule): Rule {
  return (value, path, report) => {
    if (value === undefined || !isObject(value)) return object(value, path, report);
    for (const [name, member] of Object.entries(value)) rule(member, memberPath(path, name), report);
  };
}

/** Such a value, or none. */
export function optional(rule: Rule): Rule {
  return (value, path, report) => {
    if (value !== undefined) rule(value, path, report);
  };
}

/** Such a value, or null. */
export function nullable(rule: Rule): Rule {
  return (value, path, report) => {
    if (value !== null) rule(value, path, report);
  };
}

/** One of these strings. */
export function oneOf(values: readonly string[]): Rule {
  const holds = (value: JsonValue) => typeof value === 'string' && values.includes(value);
  return valueThat(holds, `must be ${values.join(' or ')}`);
}

/** A string that the pattern matches. */
export function matching(pattern: RegExp, message: string): Rule {
  return valueThat((value) => typeof value === 'string' && pattern.test(value), message);
}

export const object = valueThat(isObject, 'must be an object');
const list = valueThat(isList, 'must be an array');
export const string = valueThat((value) => typeof value === 'string', 'must be a string');
export const boolean = valueThat((value) => typeof value === 'boolean', 'must be true or false');
export const filledString = matching(/./s, 'must be a string that is not empty');

/** Looked at as it is written, so that no size is too large for it. */
export const integer = valueThat(isInteger, 'must be an integer: a number without fraction and exponent');

export const integerOrFilledString = valueThat(
  (value) => isInteger(value) || (typeof value === 'string' && value !== ''),
  'must be an integer or a string that is not empty',
);

export const time = valueThat(
  (value) => typeof value === 'string' && instantOf(value) !== undefined,
  'must be a time in RFC 3339 such as 2026-11-21T14:00:00Z',
);

function isInteger(value: JsonValue): boolean {
  return value instanceof RawJson && /^-?\d+$/.test(value.text);
}
