import type { ZodType, output } from 'zod';
import { deliveryIdPattern } from '../../core/delivery.ts';
import { givenIdPattern } from '../../core/given-id.ts';
import { idPattern } from '../../core/identifiers.ts';
import { nodeRunIdPattern, runIdPattern } from '../../core/run.ts';
import { fieldMessage } from './field-message.ts';
import { Problem, type ProblemKind, fieldsNotValid, notFound } from './problem.ts';

/**
 * `operator`: everything. `publisher`: publishes for one org and reads. `tenant`: manages one org's endpoints, and
 * reads.
 */
export type Role = 'operator' | 'publisher' | 'tenant';

/** Who calls, as the authorizer found out. */
export interface Caller {
  readonly role: Role;
  /** Absent for operators. */
  readonly orgId?: string;
}

export interface OperationRequest<Body> {
  readonly caller: Caller;
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Body;
  /** The body as it was sent; empty where none is read. */
  readonly text: string;
  /** The header Idempotency-Key as it was sent. */
  readonly idempotencyKey?: string;
  /** The header traceparent, if it is valid. */
  readonly traceparent?: string;
}

export interface Answer {
  readonly status: number;
  /** Absent for 204. */
  readonly body?: unknown;
}

/** What answers one route. Operators may call every operation; where the path names an org, others only their own. */
export interface Operation {
  /** Roles besides operator. */
  readonly roles: readonly Role[];
  /** What the request's body must be; absent where none is read. */
  readonly body?: ZodType;
  /** What a request without a body stands for, where one may be left out. */
  readonly emptyBody?: object;
  /** Whether the header Idempotency-Key means something to it. */
  readonly takesIdempotencyKey?: true;
  run(request: OperationRequest<unknown>): Promise<Answer>;
}

/** An operation that reads a body: `run` gets it validated and typed. */
export function withBody<Schema extends ZodType>(
  roles: readonly Role[],
  body: Schema,
  run: (request: OperationRequest<output<Schema>>) => Promise<Answer>,
): Operation {
  return { roles, body, run: (request) => run(request as OperationRequest<output<Schema>>) };
}

/** Operations by route key, such as `GET /v1/orgs/{org}`. */
export type Operations = Readonly<Record<string, Operation>>;

/** @throws Problem when the caller's role or org does not allow the operation */
export function checkCaller(
  { roles }: Operation,
  { role, orgId }: Caller,
  path: Readonly<Record<string, string>>,
): void {
  if (role === 'operator') return;
  if (!roles.includes(role)) throw new Problem('forbidden', `This needs another role than ${role}.`);
  if (path['org'] !== undefined && path['org'] !== orgId) {
    throw new Problem('forbidden', 'This key belongs to another org.');
  }
}

/**
 * Ids of another form than most have: a delivery's is made of two, an event's its publisher may have given. Those of runs are
 * Fanout's own.
 */
const pathPatterns = new Map([
  ['delivery', deliveryIdPattern],
  ['event', givenIdPattern],
  ['run', runIdPattern],
  ['nodeRun', nodeRunIdPattern],
]);

/** What the path's parameter of this name, which is an id, must match. */
export function pathPattern(name: string): RegExp {
  return pathPatterns.get(name) ?? idPattern;
}

/**
 * Checks the path's parameters, all of which are ids. Nothing has an id of another form, and stores cannot take all of
 * them as keys.
 * @throws Problem for one that nothing can have
 */
export function checkPath(path: Readonly<Record<string, string>>): void {
  for (const [name, id] of Object.entries(path)) {
    if (!pathPattern(name).test(id)) throw notFound(name, id);
  }
}

/** Errors in one answer: more than that nobody reads, and a megabyte of wrong fields makes more than Lambda answers. */
const mostErrors = 100;

/**
 * Checks a body or a query, all of it.
 * @param kind of problem that wrong fields are
 * @throws Problem with one error for each field that is wrong, the first 100 of them
 */
export function checkInput<Schema extends ZodType>(
  schema: Schema,
  body: unknown,
  kind: ProblemKind = 'invalid_request',
): output<Schema> {
  const result = schema.safeParse(body, { error: fieldMessage });
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({
      path: [path, key].filter(Boolean).join('.'),
      message: 'is not a field',
    }));
  });
  throw new Problem(kind, `${fieldsNotValid(errors)}.`, errors.slice(0, mostErrors));
}
