import { type ProblemKind, problems } from '../problem.ts';
import type { JsonSchema } from './description.ts';
import { schemaReference } from './json-schemas.ts';

/** Answers that only the gateway gives, and those that it gives beside ours, by status. */
const ofTheGateway: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const typeOf = (kind: ProblemKind) => `urn:fanout:problem:${kind}`;

/** The schemas of errors. */
export const problemSchemas: Readonly<Record<string, JsonSchema>> = {
  Problem: {
    type: 'object',
    description: 'An error, as RFC 9457 describes it.',
    properties: {
      type: {
        enum: (Object.keys(problems) as ProblemKind[]).map(typeOf),
        description: 'What to branch on. The list is closed, and each stays what it is.',
      },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string', description: 'What was wrong and what would be right, for a person.' },
      errors: {
        type: 'array',
        maxItems: 100,
        description: 'Everything that is wrong, the first 100.',
        items: {
          type: 'object',
          properties: {
            path: { type: 'string', description: 'Such as `config.url`; empty for the body itself.' },
            message: { type: 'string' },
          },
          required: ['path', 'message'],
        },
      },
    },
    required: ['type', 'title', 'status', 'detail'],
  },
  GatewayError: {
    type: 'object',
    description: 'An error of the gateway itself, before the call gets to Fanout.',
    properties: { message: { enum: Object.values(ofTheGateway) } },
    required: ['message'],
  },
};

/** What an operation may answer besides success. */
export interface PossibleProblems {
  readonly kinds: readonly ProblemKind[];
  /** Whether a key is needed. */
  readonly isKeyed: boolean;
}

/**
 * The errors of an operation as references by status.
 * @param components gets each answer that is referred to
 */
export function problemAnswers(
  { kinds, isKeyed }: PossibleProblems,
  components: Record<string, JsonSchema>,
): Record<string, JsonSchema> {
  const byStatus = Map.groupBy(new Set(kinds), (kind) => problems[kind].status);
  const statuses = new Set([...byStatus.keys(), ...(isKeyed ? [401, 403] : []), 429, 431]);
  const answers = [...statuses].sort().map((status) => {
    const ofStatus = byStatus.get(status) ?? [];
    const name = nameOf(status, ofStatus);
    components[name] ??= problemAnswer(status, ofStatus);
    return [status, { $ref: `#/components/responses/${name}` }];
  });
  return Object.fromEntries(answers) as Record<string, JsonSchema>;
}

function nameOf(status: number, kinds: readonly ProblemKind[]): string {
  if (kinds.length === 0) return pascalCase(ofTheGateway[status]!);
  return kinds.map(pascalCase).join('Or');
}

function pascalCase(text: string): string {
  return text.replace(/(?:^|[_ ])(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function problemAnswer(status: number, kinds: readonly ProblemKind[]): JsonSchema {
  const retries = kinds.flatMap((kind) => problems[kind].retryAfterSeconds ?? []);
  const titles = kinds.map((kind) => `\`${kind}\`: ${problems[kind].title}.`);
  return {
    description: titles.join(' ') || `The gateway's own: ${ofTheGateway[status]}.`,
    ...(retries.length > 0 && {
      headers: {
        'Retry-After': { description: 'Seconds to wait before the next try.', schema: { type: 'integer' } },
      },
    }),
    content: {
      ...(kinds.length > 0 && { 'application/problem+json': { schema: problemSchema(kinds) } }),
      // It says no more where not even the headers can be read.
      ...(ofTheGateway[status] &&
        status !== 431 && {
          'application/json': { schema: { $ref: schemaReference('GatewayError') } },
        }),
    },
  };
}

/** A problem of these kinds. */
function problemSchema(kinds: readonly ProblemKind[]): JsonSchema {
  return {
    allOf: [{ $ref: schemaReference('Problem') }, { properties: { type: { enum: kinds.map(typeOf) } } }],
  };
}
