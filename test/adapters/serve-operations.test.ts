import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serveOperations } from '../../lib/adapters/serve-operations.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const event = { routeKey: 'GET /a', headers: {}, requestContext: {} } as Parameters<
  ReturnType<typeof serveOperations>
>[0];

test('what hangs is answered as a problem before the API gives up', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const hangs = serveOperations({ 'GET /a': { roles: ['tenant'], run: () => new Promise(() => {}) } });
  const answer = hangs(event, {} as Context);
  await vi.advanceTimersByTimeAsync(26_000);
  expect(await answer).toMatchObject({
    statusCode: 503,
    headers: { 'content-type': 'application/problem+json' },
    body: expect.stringContaining('urn:fanout:problem:unavailable') as string,
  });
});

test('an answer in time leaves nothing behind', async () => {
  const answers = serveOperations({ 'GET /a': { roles: ['tenant'], run: async () => ({ status: 204 }) } });
  expect(await answers(event, {} as Context)).toEqual({ statusCode: 204 });
  expect(vi.getTimerCount()).toBe(0);
});
