import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serveOperations } from '../../lib/adapters/serve-operations.ts';
import { Problem } from '../../lib/app/api/problem.ts';

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

test('a call that is under way says when to try again', async () => {
  const run = async () => {
    throw new Problem('call_in_flight', 'A call with this Idempotency-Key is under way.');
  };
  const busy = serveOperations({ 'GET /a': { roles: ['tenant'], run } });
  expect(await busy(event, {} as Context)).toMatchObject({
    statusCode: 409,
    headers: { 'retry-after': '1' },
  });
});
