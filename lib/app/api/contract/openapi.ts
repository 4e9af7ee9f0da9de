import type { Operation } from '../operation.ts';
import type { ProblemKind } from '../problem.ts';
import { keyPattern } from '../publish-operation.ts';
import { type JsonSchema, type NamedSchema, type OperationDescription, tags } from './description.ts';
import { endpointSchemasByName } from './endpoints.ts';
import { eventSchemasByName } from './events.ts';
import { componentSchemas, querySchemas, schemaReference } from './json-schemas.ts';
import { describedOperations, descriptions } from './operations.ts';
import { pathParameters } from './path-parameters.ts';
import { problemAnswers, problemSchemas } from './problem-answers.ts';
import { publishingSchemasByName } from './publishing.ts';
import { runSchemasByName } from './runs.ts';

const about = `Fanout takes events in from Kafka and over HTTP, and delivers them to the endpoints of orgs; what an org
publishes to its stream comes out on Kafka topics of its own (\`GET /asyncapi.json\`).

A key belongs to an operator or to one org; \`x-roles\` says which may call an operation. Keys of orgs reach their own org only.
Errors are \`application/problem+json\` with a \`type\` to branch on and all wrong fields at once; only the gateway's own are not.
Bodies are JSON in UTF-8 of at most 1 MiB and 100 levels. Lists are \`{data, next_cursor}\`. Times are RFC 3339, in answers UTC.`;

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'The same call with the same key is made once in 24 hours, and repeats get its answer. After a 5xx or a lost connection ' +
    'repeat the call with its key.',
  schema: { type: 'string', pattern: keyPattern.source },
};

/** The document of the whole API, OpenAPI 3.1: made of the tables and schemas by which requests are answered. */
export function openApiDocument(): JsonSchema {
  const responses: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [route, description] of Object.entries(descriptions)) {
    const [method, path] = route.split(' ') as [string, string];
    const operation = describedOperations[route];
    (paths[path] ??= {})[method.toLowerCase()] = describe(path, description, operation, responses);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Fanout',
      version: '1',
      description: about,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: '`Authorization: Bearer <key>`' },
      },
      parameters: { IdempotencyKey: idempotencyKey },
      responses,
      schemas: { ...problemSchemas, ...componentSchemas(namedSchemas()) },
    },
  };
}

/** Every schema that has a name. */
function namedSchemas(): NamedSchema[] {
  const ofOperations = Object.entries(descriptions).flatMap(([route, { body, answer }]) => [
    ...(body ? [{ ...body, schema: body.schema ?? describedOperations[route]!.body! }] : []),
    ...(answer.schema ? [answer.schema] : []),
  ]);
  return [
    ...ofOperations,
    ...endpointSchemasByName,
    ...eventSchemasByName,
    ...publishingSchemasByName,
    ...runSchemasByName,
  ];
}

function describe(
  path: string,
  description: OperationDescription,
  operation: Operation | undefined,
  responses: Record<string, JsonSchema>,
): JsonSchema {
  const { id, tag, summary, body, answer, isOpen = false } = description;
  const roles = isOpen ? [] : ['operator', ...(operation?.roles ?? [])];
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(description),
    ...(operation?.takesIdempotencyKey ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ];
  const kinds = problemsOf(path, description, operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description.description && { description: description.description }),
    ...(isOpen ? { security: [] } : { 'x-roles': roles }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBody(body, operation?.emptyBody === undefined) }),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.schema && json({ schema: { $ref: schemaReference(answer.schema.name) } })),
      },
      ...problemAnswers({ kinds, isKeyed: !isOpen }, responses),
    },
  };
}

function requestBody({ name, examples }: NonNullable<OperationDescription['body']>, required: boolean) {
  const values = Object.entries(examples).map(([example, value]) => [example, { value }]);
  const schema = { $ref: schemaReference(name) };
  return { required, ...json({ schema, examples: Object.fromEntries(values) as object }) };
}

function queryParameters({ query }: OperationDescription): JsonSchema[] {
  if (!query) return [];
  const { properties, required } = querySchemas(query.schema, query.fields);
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(required.includes(name) && { required: true }),
    ...(description !== undefined && { description }),
    schema,
  }));
}

/** What any operation of its form may answer, and what this one may. */
function problemsOf(
  path: string,
  { query, body, problems = [], isOpen }: OperationDescription,
  operation: Operation | undefined,
): ProblemKind[] {
  return [
    ...(body || query ? (['invalid_request'] as const) : []),
    ...(isOpen ? [] : (['forbidden'] as const)),
    ...(path.includes('{') ? (['not_found'] as const) : []),
    ...problems,
    ...(body ? (['too_large', 'unsupported_media_type'] as const) : []),
    ...(operation?.takesIdempotencyKey ? (['call_in_flight', 'idempotency_key_reused'] as const) : []),
    'internal',
    'unavailable',
  ];
}

function json(content: object) {
  return { content: { 'application/json': content } };
}
