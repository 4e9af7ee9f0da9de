import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import type { Answer, Caller, OperationRequest } from '../app/api/operation.ts';
import { Problem } from '../app/api/problem.ts';
import { stringifyRaw } from '../core/raw-json.ts';

/** Bytes of a request's body at most; Lambda itself takes 6 MB. */
const mostBodyBytes = 1024 * 1024;

type ApiEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<Caller | undefined>;

/** What an operation needs of API Gateway's event. The body is read only where an operation wants one. */
export function readRequest(
  event: ApiEvent,
): Omit<OperationRequest<unknown>, 'body' | 'text'> & { readBody(): { text: string; json: unknown } } {
  const authorizer = event.requestContext.authorizer as { lambda?: Caller } | undefined;
  return {
    // Open routes have no authorizer; the role that may do least stands in.
    caller: authorizer?.lambda ?? { role: 'tenant' },
    path: (event.pathParameters ?? {}) as Record<string, string>,
    query: (event.queryStringParameters ?? {}) as Record<string, string>,
    readBody: () => readJson(event),
  };
}

function readJson({ headers, body = '', isBase64Encoded }: ApiEvent): { text: string; json: unknown } {
  const type = headers['content-type'] ?? '';
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type)) {
    throw new Problem('unsupported_media_type', 'Send the body with content-type: application/json.');
  }
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > mostBodyBytes) {
    throw new Problem('too_large', `The body has ${bytes.length} bytes; the most is ${mostBodyBytes}.`);
  }
  if (bytes.length === 0) throw new Problem('invalid_request', 'The body is empty; send JSON.');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, json: JSON.parse(text) };
  } catch {
    throw new Problem('invalid_request', 'The body is not JSON in UTF-8.');
  }
}

/** An operation's answer as API Gateway takes it. */
export function answer({ status, body }: Answer): APIGatewayProxyStructuredResultV2 {
  if (body === undefined) return { statusCode: status };
  return { statusCode: status, headers: { 'content-type': 'application/json' }, body: stringifyRaw(body) };
}
