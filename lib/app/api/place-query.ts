import { z } from 'zod';
import type { KnownSource } from './event-state.ts';
import { isObject } from './node-body.ts';

/** A whole number in a query, where an empty text is none. */
const wholeNumber = (most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from 0 to ${most}`)
    .transform(Number)
    .refine((number) => !(number > most), `must be a whole number from 0 to ${most}`);

/** Query parameters that say where a record was; the bounds are those of an event id. */
export function placeParameters(sources: readonly KnownSource[]) {
  const one = (names: readonly string[]) =>
    z.enum(names as [string, ...string[]], `must be one of: ${names.join(', ')}`);
  return {
    source: one(sources.map(({ name }) => name)).optional(),
    topic: one([...new Set(sources.map(({ topic }) => topic))]).optional(),
    partition: wholeNumber(2 ** 14 - 1).optional(),
    offset: wholeNumber(2 ** 46 - 1).optional(),
  };
}

/** A rule that a query has to keep beside those of each parameter. */
export interface QueryRule<Query> {
  readonly path: string;
  readonly message: string;
  readonly holds: (query: Query) => boolean;
}

/** Adds rules to a query's schema, checked even when single parameters are wrong: callers are told everything at once. */
export function withRules<Schema extends z.ZodType>(
  schema: Schema,
  rules: readonly QueryRule<z.output<Schema>>[],
): Schema {
  return rules.reduce(
    (ruled, { path, message, holds }) =>
      ruled.refine(holds, { path: [path], message, when: ({ value }) => isObject(value) }),
    schema,
  );
}
