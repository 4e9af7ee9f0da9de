import type { Fanout } from '../../../infra/local/fanout-local.ts';
import {
  type ApiDocument,
  type DocumentedOperation,
  type Json,
  readApiDocument,
} from '../../api-document.ts';

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Of JSON; undefined for an empty answer. */
  readonly body: unknown;
}

export interface CallOptions {
  /** Values of the path's parameters. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Without it, the operator's. */
  readonly key?: string;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls operations as the served document describes them. */
export interface DocumentClient {
  readonly api: ApiDocument;
  readonly operation: (route: string) => DocumentedOperation;
  readonly call: (operation: DocumentedOperation, options: CallOptions) => Promise<RawAnswer>;
}

/** Reads the document from a running Fanout. */
export async function documentClient({ url, operatorKey }: Fanout): Promise<DocumentClient> {
  const api = readApiDocument((await (await fetch(`${url}/openapi.json`)).json()) as Json);
  const byRoute = new Map(api.operations.map((operation) => [operation.route, operation]));
  return {
    api,
    operation: (route) => {
      const found = byRoute.get(route);
      if (!found) throw new Error(`${route} is not described`);
      return found;
    },
    async call({ route }, { ids = {}, query = '', key = operatorKey, body, headers }) {
      const [method, path] = route.split(' ') as [string, string];
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        if (ids[name] === undefined) throw new Error(`${route} needs an id for ${name}`);
        return ids[name];
      });
      const answer = await fetch(url + target + query, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body,
      });
      const text = await answer.text();
      const contentType = answer.headers.get('content-type') ?? '';
      return { status: answer.status, contentType, text, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}
