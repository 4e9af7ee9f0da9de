import { describe, expect, it, vi } from 'vitest';
import type { HttpAuthorizer } from '../../../../infra/local/http-api.ts';
import { read, serve } from './serve.ts';

const authorizer = (changes: Partial<HttpAuthorizer> = {}): HttpAuthorizer => ({
  id: 'auth',
  identitySource: ['$request.header.Authorization'],
  cacheSeconds: 0,
  invoke: async () => ({ isAuthorized: true, context: { role: 'operator' } }),
  ...changes,
});

describe('a Lambda authorizer', () => {
  const ask = (url: string, token?: string) =>
    read(fetch(url, token === undefined ? {} : { headers: { authorization: token } }));

  it('is not asked when an identity source is missing: 401', async () => {
    const invoke = vi.fn(async () => ({ isAuthorized: true }));
    const api = await serve([{ routeKey: 'GET /', authorizer: authorizer({ invoke }) }]);

    expect(await ask(api.url)).toEqual([401, { message: 'Unauthorized' }]);
    expect(await ask(api.url, '')).toEqual([401, { message: 'Unauthorized' }]);
    expect(invoke).not.toHaveBeenCalled();
  });

  it('gets the documented request and gives its context to the function', async () => {
    const invoke = vi.fn(async (event: unknown) => ({ isAuthorized: true, context: { seen: event } }));
    const api = await serve([{ routeKey: 'GET /o/{org}', authorizer: authorizer({ invoke }) }]);

    const [, event] = await ask(`${api.url}/o/acme`, 'Bearer k');

    expect(invoke.mock.calls[0]?.[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:us-east-1:000000000000:api1/$default/GET/o/acme',
      identitySource: ['Bearer k'],
      routeKey: 'GET /o/{org}',
      rawPath: '/o/acme',
      headers: { authorization: 'Bearer k' },
      pathParameters: { org: 'acme' },
    });
    expect(event).toMatchObject({
      requestContext: { authorizer: { lambda: { seen: { type: 'REQUEST' } } } },
    });
  });

  it('says no: 403; fails or answers nonsense: 500', async () => {
    const answers: unknown[] = [{ isAuthorized: false }, {}, undefined, { isAuthorized: 'true' }];
    const invoke = async () => (answers.length > 0 ? answers.shift() : Promise.reject(new Error('down')));
    const api = await serve([{ routeKey: 'GET /', authorizer: authorizer({ invoke }) }]);

    const statuses: number[] = [];
    for (let call = 0; call < 5; call += 1) statuses.push((await ask(api.url, 'k'))[0]);

    expect(statuses).toEqual([403, 500, 500, 403, 500]);
  });

  it('answers from its cache for the same identity, on every route that shares it', async () => {
    const invoke = vi.fn(async (event: unknown) => ({
      isAuthorized: (event as { identitySource: string[] }).identitySource[0] === 'good',
    }));
    const shared = authorizer({ cacheSeconds: 60, invoke });
    const api = await serve([
      { routeKey: 'GET /a', authorizer: shared },
      { routeKey: 'GET /b', authorizer: shared },
    ]);

    const statuses: number[] = [];
    for (const [path, token] of [
      ['a', 'good'],
      ['b', 'good'],
      ['a', 'bad'],
      ['b', 'bad'],
    ] as const)
      statuses.push((await ask(`${api.url}/${path}`, token))[0]);

    expect(statuses).toEqual([200, 200, 403, 403]);
    expect(invoke).toHaveBeenCalledTimes(2);
  });

  it('is asked each time without a cache, and per route with $context.routeKey in its identity', async () => {
    const uncached = vi.fn(async () => ({ isAuthorized: true }));
    const perRoute = vi.fn(async () => ({ isAuthorized: true }));
    const identitySource = ['$request.header.Authorization', '$context.routeKey'];
    const scoped = authorizer({ id: 'scoped', cacheSeconds: 60, identitySource, invoke: perRoute });
    const api = await serve([
      { routeKey: 'GET /uncached', authorizer: authorizer({ invoke: uncached }) },
      { routeKey: 'GET /a', authorizer: scoped },
      { routeKey: 'GET /b', authorizer: scoped },
    ]);

    for (const path of ['uncached', 'uncached', 'a', 'a', 'b', 'b']) await ask(`${api.url}/${path}`, 'k');

    expect(uncached).toHaveBeenCalledTimes(2);
    expect(perRoute).toHaveBeenCalledTimes(2);
  });

  it('with an identity source that is not run here is refused at the start', async () => {
    await expect(
      serve([{ routeKey: 'GET /', authorizer: authorizer({ identitySource: ['$stageVariables.x'] }) }]),
    ).rejects.toThrow('$stageVariables.x');
  });
});
