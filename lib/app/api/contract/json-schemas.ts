import { type ZodObject, z } from 'zod';
import type { FieldNotes, JsonSchema, NamedSchema } from './description.ts';

/** What a caller may send, and what an answer holds: rules that JSON Schema has no words for are left out. */
const options = {
  io: 'input',
  unrepresentable: 'any',
  override: ({ jsonSchema }: { jsonSchema: JsonSchema }) => plain(jsonSchema),
} as const;

/** Where a component is found in the document. */
export function schemaReference(name: string): string {
  return `#/components/schemas/${name}`;
}

/**
 * Schemas by their names; where one holds another that has a name, it refers to it.
 * @throws Error when a name stands for two schemas, or a note for a field that is not there
 */
export function componentSchemas(named: readonly NamedSchema[]): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  const known = new Map<string, NamedSchema>();
  for (const one of named) {
    const before = known.get(one.name);
    if (before && before.schema !== one.schema) throw new Error(`${one.name} is the name of two schemas`);
    if (before) continue;
    known.set(one.name, one);
    registry.add(one.schema, { id: one.name });
  }
  const { schemas } = z.toJSONSchema(registry, { ...options, uri: schemaReference });
  return Object.fromEntries(
    [...known.values()].map(({ name, fields = {} }) => {
      const { $schema, $id, id, ...schema } = schemas[name] as JsonSchema;
      return [name, withNotes(name, schema, fields)];
    }),
  );
}

/** The schemas of a query's parameters, and which of them are needed. */
export function querySchemas(schema: ZodObject, notes: FieldNotes = {}) {
  const { properties, required = [] } = withNotes('query', z.toJSONSchema(schema, options), notes) as {
    properties: Record<string, JsonSchema>;
    required?: string[];
  };
  return { properties, required };
}

/** As it would be written by hand. */
function plain(schema: JsonSchema): void {
  // The format says it already.
  if (schema['format'] === 'date-time') delete schema['pattern'];
  // Not one that OpenAPI knows.
  if (schema['format'] === 'base64') delete schema['format'];
  const names = schema['propertyNames'] as JsonSchema | undefined;
  if (names && Object.keys(names).join() === 'type') delete schema['propertyNames'];
  // The bounds of JavaScript's integers are no rule of the API.
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
}

function withNotes(name: string, schema: JsonSchema, notes: FieldNotes): JsonSchema {
  for (const [path, note] of Object.entries(notes)) {
    const found = path.split('.').reduce(member, schema as JsonSchema | undefined);
    if (!found) throw new Error(`${name} has no field ${path}`);
    Object.assign(found, typeof note === 'string' ? { description: note } : note);
  }
  return schema;
}

/** The schema of a member, `name`, or of the elements of one, `name[]`; what may be null besides is looked into. */
function member(schema: JsonSchema | undefined, step: string): JsonSchema | undefined {
  const name = step.replace(/\[\]$/, '');
  const found = alternatives(schema)
    .map(({ properties }) => (properties as Record<string, JsonSchema> | undefined)?.[name])
    .find((one) => one !== undefined);
  if (!step.endsWith('[]')) return found;
  return alternatives(found)
    .map(({ items }) => items as JsonSchema | undefined)
    .find((one) => one !== undefined);
}

function alternatives(schema: JsonSchema = {}): JsonSchema[] {
  return [schema, ...((schema['anyOf'] as JsonSchema[] | undefined) ?? [])];
}
