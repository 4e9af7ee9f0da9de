import { expect } from 'vitest';
import type { Fanout } from '../../../infra/local/fanout-local.ts';
import type { ApiAnswer, FanoutClient } from '../fanout-client.ts';

export interface List<Item = { readonly id: string }> {
  readonly data: Item[];
  readonly next_cursor: string | null;
}

export interface ProblemBody {
  readonly type: string;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export interface EndpointBody {
  readonly id: string;
  readonly config: object;
  readonly credentials: { readonly secret: string };
  readonly created_at: string;
  readonly updated_at: string;
}

/** The API of a running Fanout, called by an operator. */
export interface ApiClient extends FanoutClient {
  call<Body = ProblemBody>(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<ApiAnswer<Body>>;
  /** POSTs a body as it is, bytes or text. */
  postRaw(
    path: string,
    body: Uint8Array<ArrayBuffer> | string,
    contentType?: string,
  ): Promise<ApiAnswer<ProblemBody>>;
  /** Makes a key, and answers it with its id. */
  createKey(path: string, body: object): Promise<{ id: string; key: string }>;
}

/** A URL that every stage lets webhooks have; nothing is sent to it. */
export const url = 'https://example.com/hook';
export const webhook = { type: 'webhook', config: { url } };
/** Matches a time as the API writes it. */
export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

/** What an answer is matched against that tells a problem. */
export function problem(kind: string) {
  return { contentType: 'application/problem+json', body: { type: `urn:fanout:problem:${kind}` } };
}

/** Adds to a client what only tests of the API itself do. */
export function apiClient(fanout: Fanout, client: FanoutClient): ApiClient {
  return {
    ...client,
    async postRaw(path, body, contentType) {
      const answer = await fetch(fanout.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${fanout.operatorKey}`,
          ...(contentType && { 'content-type': contentType }),
        },
        body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      });
      return {
        status: answer.status,
        contentType: answer.headers.get('content-type') ?? '',
        body: (await answer.json()) as ProblemBody,
      };
    },
    async createKey(path, body) {
      const { status, body: made } = await client.call<{ id: string; key: string }>('POST', path, body);
      expect(status).toBe(201);
      return made;
    },
  };
}
