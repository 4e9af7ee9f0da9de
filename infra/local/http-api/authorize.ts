import type { GatewayRequest } from './gateway-event.ts';
import { routeArn } from './gateway-event.ts';
import { rejectAfter } from './time-limit.ts';

/** A Lambda authorizer of an HTTP API: request payload 2.0, simple responses. */
export interface HttpAuthorizer {
  id: string;
  /** Where the credentials are, for example `$request.header.Authorization`. All of them must be there. */
  identitySource: string[];
  /** How long an answer is good for; 0: ask each time. */
  cacheSeconds: number;
  /** Rejects when the function failed, timed out or could not start. */
  invoke(event: unknown): Promise<unknown>;
}

/** `unauthorized`: an identity source is missing (401). `forbidden`: the authorizer said no (403). */
export type Authorization =
  { outcome: 'allowed'; context: Record<string, unknown> } | { outcome: 'unauthorized' | 'forbidden' };

/** "Timeout for AWS Lambda authorizer", https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const authorizerTimeoutMs = 10_000;
const cachedAnswersSweptAt = 1_000;

interface CachedAnswer {
  authorization: Authorization;
  expiresAt: number;
}

/**
 * Builds the check that runs before a route's integration.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 *
 * The identity sources' values are the whole cache key: as AWS warns, an answer holds for every route that uses the
 * authorizer, unless `$context.routeKey` is one of its identity sources.
 *
 * @returns a function that rejects when the authorizer failed or answered with something else than a simple response
 * @throws Error for an identity source of a kind that is not run here
 */
export function createAuthorization(
  authorizer: HttpAuthorizer,
): (request: GatewayRequest) => Promise<Authorization> {
  const readers = authorizer.identitySource.map(identityReader);
  const cache = new Map<string, CachedAnswer>();
  return async (request) => {
    const identity = readers.map((read) => read(request));
    const present = identity.filter((value): value is string => value !== undefined && value !== '');
    if (present.length < identity.length) return { outcome: 'unauthorized' };
    const key = JSON.stringify(present);
    const cached = cache.get(key);
    if (cached && cached.expiresAt > Date.now()) return cached.authorization;
    const authorization = readAnswer(await ask(authorizer, request, present));
    if (authorizer.cacheSeconds > 0) {
      sweep(cache);
      cache.set(key, { authorization, expiresAt: Date.now() + authorizer.cacheSeconds * 1000 });
    }
    return authorization;
  };
}

async function ask(
  authorizer: HttpAuthorizer,
  request: GatewayRequest,
  identitySource: string[],
): Promise<unknown> {
  const event = { ...request, type: 'REQUEST', routeArn: routeArn(request), identitySource };
  const tooLate = () =>
    new Error(`authorizer ${authorizer.id} did not answer within ${authorizerTimeoutMs} ms`);
  return rejectAfter(authorizerTimeoutMs, authorizer.invoke(event), tooLate);
}

function readAnswer(answer: unknown): Authorization {
  if (typeof answer !== 'object' || answer === null || !('isAuthorized' in answer)) {
    throw new Error(
      `the authorizer must answer {isAuthorized, context?}, not ${JSON.stringify(answer) ?? 'nothing'}`,
    );
  }
  if (answer.isAuthorized !== true) return { outcome: 'forbidden' };
  const context = 'context' in answer && typeof answer.context === 'object' ? answer.context : null;
  return { outcome: 'allowed', context: { ...context } };
}

function identityReader(source: string): (request: GatewayRequest) => string | undefined {
  const [, kind, name] = /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(source) ?? [];
  if (kind === 'request.header' && name) return (request) => request.headers[name.toLowerCase()];
  if (kind === 'request.querystring' && name) return (request) => request.queryStringParameters?.[name];
  if (kind === 'context' && name === 'routeKey') return (request) => request.routeKey;
  if (kind === 'context' && name === 'httpMethod') return (request) => request.requestContext.http.method;
  if (kind === 'context' && name === 'path') return (request) => request.requestContext.http.path;
  throw new Error(
    `Identity source "${source}" is not run here; run are $request.header.<name>, $request.querystring.<name>, ` +
      '$context.routeKey, $context.httpMethod and $context.path',
  );
}

function sweep(cache: Map<string, CachedAnswer>): void {
  if (cache.size < cachedAnswersSweptAt) return;
  const now = Date.now();
  for (const [key, { expiresAt }] of cache) if (expiresAt <= now) cache.delete(key);
}
