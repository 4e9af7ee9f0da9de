import type { EventBody } from '../app/ports/wake-ups.ts';
import { type WebhookEndpoint, authorizationOf, validSecrets } from '../core/endpoint.ts';
import { isSecretHeader } from '../core/headers.ts';
import { withoutPayload } from '../core/payload-echo.ts';
import { type Redactor, createRedactor } from '../core/redaction.ts';
import { signatureHeaders } from '../core/webhook-signature.ts';
import type { WebhookRequest } from './webhook-request.ts';

/** What all requests to an endpoint have in common. */
export interface EndpointRequest {
  readonly origin: string;
  /** Built when the attempt begins, not earlier: each attempt has its own timestamp and signature. */
  build(eventId: string, body: EventBody, nowMs: number): WebhookRequest;
}

const known = new WeakMap<WebhookEndpoint, EndpointRequest>();

/** The endpoint's request; made once for an endpoint that is read once. */
export function endpointRequest(endpoint: WebhookEndpoint): EndpointRequest {
  let request = known.get(endpoint);
  if (!request) known.set(endpoint, (request = prepare(endpoint)));
  return request;
}

function prepare(endpoint: WebhookEndpoint): EndpointRequest {
  const url = new URL(endpoint.url);
  const path = url.pathname + url.search;
  const authorization = endpoint.auth && { authorization: authorizationOf(endpoint.auth) };
  const own = utf8Headers({ ...endpoint.headers, ...authorization });
  return {
    origin: url.origin,
    build: (eventId, body, nowMs) => ({
      path,
      body: body.data,
      headers: {
        ...utf8Headers(body.headers),
        ...own,
        'content-type': 'application/json',
        'user-agent': 'Fanout/1',
        'x-fanout-event-type': body.eventType,
        ...signatureHeaders(validSecrets(endpoint, nowMs), eventId, nowMs, body.data),
      },
      redactor: () => redactorOf(endpoint, body),
    }),
  };
}

/** Takes out what was sent as a credential or payload, and what signs: none may come back in an answer's excerpt. */
function redactorOf(endpoint: WebhookEndpoint, { headers, data }: EventBody): Redactor {
  const { auth, secrets } = endpoint;
  const { redact } = createRedactor([
    ...(auth ? credentialsIn('authorization', authorizationOf(auth)) : []),
    ...[...Object.entries(endpoint.headers), ...Object.entries(headers)]
      .filter(([name]) => isSecretHeader(name))
      .flatMap(([name, value]) => credentialsIn(name, value)),
    ...secrets.flatMap(({ value }) => [value, value.slice('whsec_'.length)]),
  ]);
  return { redact: (text, isCut) => withoutPayload(redact(text, isCut), data) };
}

/** A header's value, and the parts of it that a receiver may tell apart. */
function credentialsIn(name: string, value: string): string[] {
  if (name.endsWith('cookie')) {
    return [value, ...value.split(';').map((cookie) => cookie.slice(cookie.indexOf('=') + 1).trim())];
  }
  const [scheme, credential] = /^(\S+) +(.+)$/.exec(value)?.slice(1) ?? [];
  if (!scheme || !credential) return [value];
  if (scheme.toLowerCase() !== 'basic') return [value, credential];
  const pair = Buffer.from(credential, 'base64').toString('utf8');
  return [value, credential, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** HTTP header values are bytes; text beyond ASCII goes as its UTF-8 bytes, one character each. */
function utf8Headers(headers: EventBody['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}
