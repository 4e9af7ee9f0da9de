import { isHopByHop } from '../../../lib/core/headers.ts';
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { decodePath } from './decode-path.ts';

/** What every request of one API has in common. */
export interface GatewayContext {
  apiId: string;
  port: number;
}

/** The parts of payload format 2.0 that an integration's event and an authorizer's event share. */
export interface GatewayRequest {
  version: '2.0';
  routeKey: string;
  rawPath: string;
  rawQueryString: string;
  cookies?: string[];
  headers: Record<string, string>;
  queryStringParameters?: Record<string, string>;
  pathParameters?: Record<string, string>;
  requestContext: RequestContext;
}

interface RequestContext {
  accountId: string;
  apiId: string;
  domainName: string;
  domainPrefix: string;
  http: { method: string; path: string; protocol: string; sourceIp: string; userAgent: string };
  requestId: string;
  routeKey: string;
  stage: string;
  time: string;
  timeEpoch: number;
}

const accountId = '000000000000';
const stage = '$default';

/** Splits a request target into path and query, both as sent. */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * Describes a request in payload format 2.0, without its body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 *
 * An HTTP API hands the path over decoded, `rawPath` too, but the query as sent (live captures:
 * middleapi/standard-server#93, ministackorg/ministack#1035).
 *
 * @throws MalformedPath for a malformed escape in the path
 */
export function gatewayRequest(
  request: IncomingMessage,
  context: GatewayContext,
  routeKey: string,
  pathParameters: Record<string, string> | undefined,
): GatewayRequest {
  const { path, query } = splitTarget(request.url ?? '/');
  const { headers, cookies } = readHeaders(request);
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const now = new Date();
  const rawPath = decodePath(path);
  const queryStringParameters = joinDuplicates(new URLSearchParams(query));
  addForwardingHeaders(headers, sourceIp, context.port, now);
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query !== '' && { queryStringParameters }),
    ...(pathParameters && { pathParameters }),
    requestContext: {
      accountId,
      apiId: context.apiId,
      domainName: `${context.apiId}.execute-api.localhost`,
      domainPrefix: context.apiId,
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage,
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
  };
}

/** The ARN of a route that authorizers are told: `arn:…:<api>/<stage>/<METHOD>/<path>`. */
export function routeArn(request: GatewayRequest): string {
  const { apiId, http } = request.requestContext;
  return `arn:aws:execute-api:us-east-1:${accountId}:${apiId}/${stage}/${http.method}${http.path}`;
}

/**
 * The body as an event carries it. Which content types count as text is not documented; measured on AWS
 * (ministackorg/ministack#766) they are `text/*`, JSON, XML and JavaScript. Everything else, forms and a missing
 * content type included, arrives in base64.
 */
export function gatewayBody(
  body: Buffer,
  contentType: string | undefined,
): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = /^\s*(text\/[^;]+|application\/(json|xml|javascript))\s*(;|$)/i.test(contentType ?? '');
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** Names in lower case, values of the same name joined by commas; cookies have a field of their own instead. */
function readHeaders(request: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const pairs: [string, string][] = [];
  const cookies: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = (request.rawHeaders[index] ?? '').toLowerCase();
    const value = request.rawHeaders[index + 1] ?? '';
    if (name === 'cookie') cookies.push(...value.split(/;\s*/));
    else if (!isHopByHop(name)) pairs.push([name, value]);
  }
  return { headers: joinDuplicates(pairs), cookies };
}

function joinDuplicates(pairs: Iterable<[string, string]>): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

function addForwardingHeaders(
  headers: Record<string, string>,
  sourceIp: string,
  port: number,
  now: Date,
): void {
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? sourceIp : `${before}, ${sourceIp}`;
  headers['x-forwarded-port'] = String(port);
  headers['x-forwarded-proto'] = 'http';
  const seconds = Math.floor(now.getTime() / 1000).toString(16);
  headers['x-amzn-trace-id'] ??= `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}

/** `12/Mar/2020:19:03:58 +0000`, the form of `$context.requestTime`. */
function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}
