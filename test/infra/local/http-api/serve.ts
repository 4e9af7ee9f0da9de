import { onTestFinished } from 'vitest';
import type { HttpRoute } from '../../../../infra/local/http-api.ts';
import { startHttpApi } from '../../../../infra/local/http-api.ts';

/** The part of an event that these tests look at by name. */
export interface Event {
  rawPath: string;
  body?: string;
  [name: string]: unknown;
}

/** Serves routes for one test; a route without a function of its own answers with its event. */
export async function serve(
  routes: (Partial<HttpRoute> & { routeKey: string })[],
  requestTimeoutMs = 30_000,
) {
  const said: string[] = [];
  const complete = routes.map((route) => ({
    timeoutMs: 30_000,
    invoke: async (event: unknown) => event,
    ...route,
  }));
  const api = await startHttpApi({
    port: 0,
    apiId: 'api1',
    routes: complete,
    say: (line) => said.push(line),
    requestTimeoutMs,
  });
  onTestFinished(() => api.stop());
  return { ...api, said };
}

/** Status and JSON body. */
export async function read(answer: Promise<Response>): Promise<[number, unknown]> {
  const response = await answer;
  return [response.status, await response.json()];
}
