import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

export type Json = Record<string, unknown>;

export interface DocumentedOperation {
  readonly route: string;
  readonly operationId: string;
  /** Absent where no key is needed. */
  readonly roles?: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly example?: string }[];
  readonly body?: {
    readonly required: boolean;
    readonly schema: Json;
    readonly examples: Readonly<Record<string, unknown>>;
  };
  readonly responses: Readonly<Record<string, Json>>;
}

export interface ApiDocument {
  readonly document: Json;
  readonly operations: readonly DocumentedOperation[];
  /** What a reference within the document leads to; anything else as it is. */
  resolve(value: unknown): Json;
  /** Why a value does not fit a schema of the document; undefined when it does. */
  fault(schema: Json, value: unknown): string | undefined;
  /** Fails when an answer is not one that the operation's description has, with nothing in it that is not described. */
  expectDescribed(
    operation: DocumentedOperation,
    answer: { readonly status: number; readonly contentType: string; readonly body: unknown },
  ): void;
}

/** Reads an OpenAPI document of ours. Answers are held to hold nothing that is not described. */
export function readApiDocument(document: Json): ApiDocument {
  const ajv = validator();
  ajv.addSchema({ $id: 'api', ...(document as object) });
  const closed = validator();
  closed.addSchema({ $id: 'api', ...(withoutFurther(document) as object) });
  const resolve = (value: unknown): Json => {
    const { $ref } = value as { $ref?: string };
    if ($ref === undefined) return value as Json;
    return resolve(
      $ref
        .slice(2)
        .split('/')
        .reduce((at, step) => at[step] as Json, document),
    );
  };
  const operations = Object.entries(document['paths'] as Record<string, Json>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => readOperation(method, path, one as Json, resolve)),
  );
  const faultIn = (checker: Ajv2020, schema: Json, value: unknown) => {
    const check = checker.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as Json);
    return check(value) ? undefined : checker.errorsText(check.errors);
  };
  return {
    document,
    operations,
    resolve,
    fault: (schema, value) => faultIn(ajv, schema, value),
    expectDescribed({ route, responses }, { status, contentType, body }) {
      const response = responses[status];
      const context = `${route}: ${status} ${JSON.stringify(body)?.slice(0, 500)}`;
      expect(response, context).toBeDefined();
      const content = resolve(response)['content'] as Record<string, { schema: Json }> | undefined;
      if (!content) return expect(body, context).toBeUndefined();
      const described = content[contentType.split(';')[0]!];
      expect(described, `${context} ${contentType}`).toBeDefined();
      expect(faultIn(closed, withoutFurther(described!.schema) as Json, body), context).toBeUndefined();
    },
  };
}

/** One that takes our documents as they are: their formats are known, their annotations are not its business. */
export function validator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true, discriminator: false });
  addFormats.default(ajv);
  return ajv;
}

function readOperation(
  method: string,
  path: string,
  one: Json,
  resolve: (value: unknown) => Json,
): DocumentedOperation {
  const body = one['requestBody'] as { required: boolean; content: Record<string, Json> } | undefined;
  const content = body?.content['application/json'];
  const examples = Object.entries((content?.['examples'] ?? {}) as Record<string, { value: unknown }>);
  return {
    route: `${method.toUpperCase()} ${path}`,
    operationId: one['operationId'] as string,
    ...(one['x-roles'] !== undefined && { roles: one['x-roles'] as string[] }),
    parameters: ((one['parameters'] ?? []) as unknown[]).map(
      resolve,
    ) as unknown as DocumentedOperation['parameters'],
    ...(body &&
      content && {
        body: {
          required: body.required,
          schema: content['schema'] as Json,
          examples: Object.fromEntries(examples.map(([name, { value }]) => [name, value])),
        },
      }),
    responses: one['responses'] as Record<string, Json>,
  };
}

/** Schemas whose objects have no members but those that they name. */
function withoutFurther(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFurther);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutFurther(one)]));
  const isOpen =
    inner['type'] === 'object' && inner['properties'] && inner['additionalProperties'] === undefined;
  return isOpen ? { ...inner, additionalProperties: false } : inner;
}
