import { RawJson, stringifyRaw } from '../raw-json.ts';

/** A JSON value whose numbers are kept as they were written. */
export type JsonValue = null | boolean | string | RawJson | readonly JsonValue[] | JsonObject;

/** Its own members count, so that `__proto__` and `constructor` are names like any other. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/**
 * @returns undefined when objects and lists stand in each other more than `mostLevels` deep
 * @throws SyntaxError when the text is no JSON
 */
export function parseJson(text: string, mostLevels: number): JsonValue | undefined {
  // A reviver is called by recursion, so a text of nothing but brackets would end it; JSON.parse alone bears that.
  if (!fits(JSON.parse(text), mostLevels)) return undefined;
  return JSON.parse(text, (_, value: unknown, context?: { readonly source: string }) =>
    typeof value === 'number' ? new RawJson(context!.source) : value,
  ) as JsonValue;
}

/** The value as compact JSON. */
export function writeJson(value: JsonValue): string {
  if (value instanceof RawJson) return value.text;
  return typeof value === 'object' ? stringifyRaw(value) : JSON.stringify(value);
}

function fits(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => fits(part, levels - 1));
}

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawJson);
}

export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** What kind of value it is, for messages. */
export function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return 'a boolean';
  if (value instanceof RawJson) return 'a number';
  return isList(value) ? 'an array' : 'an object';
}
