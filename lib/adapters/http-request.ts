import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import type { Answer, Caller, OperationRequest } from '../app/api/operation.ts';
import { Problem } from '../app/api/problem.ts';
import { jsonDepth } from '../core/json-depth.ts';
import { stringifyRaw } from '../core/raw-json.ts';
import { readTraceparent } from '../core/trace-context.ts';

/** Bytes of a request's body at most; Lambda itself takes 6 MB. */
const mostBodyBytes = 1024 * 1024;

/** Arrays and objects inside one another; code that goes through them has a stack. */
const mostLevels = 100;

type ApiEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<Caller | undefined>;

interface RequestBody {
  readonly text: string;
  readonly json: unknown;
}

/**
 * What an operation needs of API Gateway's event. The body is read only where an operation wants one.
 */
export function readRequest(
  event: ApiEvent,
): Omit<OperationRequest<unknown>, 'body' | 'text'> & { readBody(empty?: object): RequestBody } {
  const authorizer = event.requestContext.authorizer as { lambda?: Caller } | undefined;
  return {
    // Open routes have no authorizer; the role that may do least stands in.
    caller: authorizer?.lambda ?? { role: 'tenant' },
    path: (event.pathParameters ?? {}) as Record<string, string>,
    query: (event.queryStringParameters ?? {}) as Record<string, string>,
    idempotencyKey: event.headers['idempotency-key'],
    traceparent: readTraceparent(event.headers['traceparent']),
    readBody: (empty) => (event.body || !empty ? readJson(event) : { text: '', json: empty }),
  };
}

function readJson({ headers, body = '', isBase64Encoded }: ApiEvent): RequestBody {
  const type = headers['content-type'] ?? '';
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type)) {
    throw new Problem('unsupported_media_type', 'Send the body with content-type: application/json.');
  }
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > mostBodyBytes) {
    throw new Problem('too_large', `The body has ${bytes.length} bytes; the most is ${mostBodyBytes}.`);
  }
  if (!isBase64Encoded && isReplaced(bytes, headers['content-length'])) throw notJson();
  if (bytes.length === 0) throw new Problem('invalid_request', 'The body is empty; send JSON.');
  const read = parse(bytes);
  if (!read) throw notJson();
  if (jsonDepth(read.text) > mostLevels) {
    throw new Problem('invalid_request', `The body is nested in more than ${mostLevels} levels.`);
  }
  return read;
}

/**
 * Whether the gateway has decoded a body that was not UTF-8: it puts a replacement character in place of what it cannot
 * read, which nearly always changes the length.
 */
function isReplaced(bytes: Buffer, contentLength: string | undefined): boolean {
  return contentLength !== undefined && Number(contentLength) !== bytes.length && bytes.includes('\ufffd');
}

function notJson(): Problem {
  return new Problem('invalid_request', 'The body is not JSON in UTF-8.');
}

function parse(bytes: Buffer): RequestBody | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** An operation's answer as API Gateway takes it. */
export function answer({ status, body }: Answer): APIGatewayProxyStructuredResultV2 {
  if (body === undefined) return { statusCode: status };
  return { statusCode: status, headers: { 'content-type': 'application/json' }, body: stringifyRaw(body) };
}
