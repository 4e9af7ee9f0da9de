import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authorization, HttpAuthorizer } from './http-api/authorize.ts';
import { createAuthorization } from './http-api/authorize.ts';
import { MalformedPath } from './http-api/decode-path.ts';
import type { HttpAnswer } from './http-api/function-answer.ts';
import { functionAnswer, gatewayAnswer } from './http-api/function-answer.ts';
import type { GatewayRequest } from './http-api/gateway-event.ts';
import { gatewayBody, gatewayRequest, splitTarget } from './http-api/gateway-event.ts';
import { BodyTooLarge, readBody } from './http-api/read-body.ts';
import { createRouteTable } from './http-api/route-table.ts';
import { rejectAfter } from './http-api/time-limit.ts';
import { reasonOf } from './outage.ts';

export type { HttpAuthorizer } from './http-api/authorize.ts';

/** A route of an HTTP API with its Lambda integration, payload format 2.0. */
export interface HttpRoute {
  /** `POST /v1/orgs`, `GET /v1/orgs/{org}`, `ANY /files/{proxy+}` or `$default`. */
  routeKey: string;
  /** Rejects when the function failed, timed out or could not start. */
  invoke(event: unknown): Promise<unknown>;
  /** The integration's time-out; more than 30,000 counts as 30,000. */
  timeoutMs: number;
  authorizer?: HttpAuthorizer;
}

export interface HttpApiOptions {
  /** On 127.0.0.1; 0: any that is free. */
  port: number;
  apiId: string;
  routes: HttpRoute[];
  say(line: string): void;
  /** How long a client may take to send a whole request; 30,000 unless given. */
  requestTimeoutMs?: number;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const maximumIntegrationTimeoutMs = 30_000;
const maximumHeaderBytes = 10_240;
/** Longer than clients keep idle connections, so that it is the client who lets go of one, not we under its request. */
const keepAliveMs = 65_000;
const stopWaitMs = 5_000;

class IntegrationTimeout extends Error {}

/**
 * Serves an HTTP API on this machine as API Gateway serves it in AWS. Its own answers are the gateway's:
 * 404, 401, 403 and 500 as the documentation of routes and authorizers has them; 503 `Service Unavailable` when the
 * integration's time is over (a captured answer: cortexlabs/cortex#1225); a function that fails or reaches its own
 * time-out is 500 (denoland/deno_registry2#87).
 *
 * @returns when it listens; `stop` lets calls in flight finish for at most five seconds
 * @throws Error when the port is taken, or a route or identity source is of a kind that is not run here
 */
export async function startHttpApi(options: HttpApiOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const findRoute = createRouteTable(options.routes);
  const authorize = createAuthorizations(options.routes);
  const context = { apiId: options.apiId, port: options.port };

  async function answer(request: IncomingMessage): Promise<HttpAnswer> {
    const match = findRoute(request.method ?? 'GET', splitTarget(request.url ?? '/').path);
    if (!match) return gatewayAnswer(404, 'Not Found');
    const { route, pathParameters } = match;
    const described = gatewayRequest(request, context, route.routeKey, pathParameters);
    const authorization = await authorize(route, described);
    if (authorization?.outcome === 'unauthorized') return gatewayAnswer(401, 'Unauthorized');
    if (authorization?.outcome === 'forbidden') return gatewayAnswer(403, 'Forbidden');
    const body = gatewayBody(await readBody(request), request.headers['content-type']);
    return integrate(route, integrationEvent(described, authorization, body));
  }

  const server = createServer(
    {
      maxHeaderSize: maximumHeaderBytes,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      headersTimeout: Math.min(10_000, options.requestTimeoutMs ?? 10_000),
      connectionsCheckingInterval: 500,
      keepAliveTimeout: keepAliveMs,
    },
    (request, response) => {
      answer(request)
        .catch((error: unknown) => answerToFailure(error, request, (line) => options.say(line)))
        .then((ready) => send(ready, response, server.listening))
        .catch((error: unknown) => {
          options.say(`${request.method} ${request.url}: the answer cannot be sent: ${reasonOf(error)}`);
          send(gatewayAnswer(500, 'Internal Server Error'), response, server.listening);
        });
    },
  );
  context.port = await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${context.port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.race([closed, sleep(stopWaitMs, undefined, { ref: false })]);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One check per authorizer, shared by its routes together with its cache. */
function createAuthorizations(
  routes: HttpRoute[],
): (route: HttpRoute, request: GatewayRequest) => Promise<Authorization | undefined> {
  const checks = new Map<string, (request: GatewayRequest) => Promise<Authorization>>();
  for (const { authorizer } of routes) {
    if (authorizer && !checks.has(authorizer.id)) checks.set(authorizer.id, createAuthorization(authorizer));
  }
  return async (route, request) =>
    route.authorizer ? checks.get(route.authorizer.id)?.(request) : undefined;
}

function integrationEvent(
  request: GatewayRequest,
  authorization: Authorization | undefined,
  body: { body?: string; isBase64Encoded: boolean },
): unknown {
  if (authorization?.outcome !== 'allowed') return { ...request, ...body };
  const requestContext = { ...request.requestContext, authorizer: { lambda: authorization.context } };
  return { ...request, requestContext, ...body };
}

async function integrate(route: HttpRoute, event: unknown): Promise<HttpAnswer> {
  const limit = Math.min(route.timeoutMs, maximumIntegrationTimeoutMs);
  const tooLate = () => new IntegrationTimeout(`no answer within ${limit} ms`);
  return functionAnswer(await rejectAfter(limit, route.invoke(event), tooLate));
}

function answerToFailure(error: unknown, request: IncomingMessage, say: (line: string) => void): HttpAnswer {
  if (error instanceof BodyTooLarge) {
    // The rest is read and thrown away: a client that still sends would otherwise see a reset instead of the answer.
    request.resume();
    return gatewayAnswer(413, 'Request Entity Too Large');
  }
  if (error instanceof MalformedPath) return gatewayAnswer(400, 'Bad Request');
  // Half a request: nobody is left to answer to.
  if (request.errored) return gatewayAnswer(400, 'Bad Request');
  say(`${request.method} ${request.url}: ${reasonOf(error)}`);
  if (error instanceof IntegrationTimeout) return gatewayAnswer(503, 'Service Unavailable');
  return gatewayAnswer(500, 'Internal Server Error');
}

function send(answer: HttpAnswer, response: ServerResponse, keepAlive: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const bodiless = answer.status === 204 || answer.status === 304;
  const headers = [...answer.headers];
  if (!bodiless) headers.push(['content-length', String(answer.body.length)]);
  // While stopping: a connection that stayed open would hold the stop up.
  if (!keepAlive) headers.push(['connection', 'close']);
  response.writeHead(answer.status, headers.flat());
  response.end(bodiless ? undefined : answer.body);
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is in use; choose another one`) : error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
