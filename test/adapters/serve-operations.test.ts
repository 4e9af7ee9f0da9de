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

test.each([
  [503, { name: 'TimeoutError' }],
  [503, { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }],
  [503, { name: 'ProvisionedThroughputExceededException', $metadata: { httpStatusCode: 400 } }],
  [503, { name: 'TransactionInProgressException', $metadata: { httpStatusCode: 400 } }],
  [503, { name: 'InternalServerError', $metadata: { httpStatusCode: 500 } }],
  [503, { code: 'ECONNREFUSED' }],
  [500, { name: 'ValidationException', $metadata: { httpStatusCode: 400 } }],
  [500, { name: 'TypeError' }],
])('answers %i to what a store fails with, or we: %j', async (statusCode, fields) => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const run = async () => {
    throw Object.assign(new Error('of no interest to callers'), fields);
  };
  const fails = serveOperations({ 'GET /a': { roles: ['tenant'], run } });
  const answer = await fails(event, {} as Context);
  expect(answer).toMatchObject({ statusCode });
  expect(JSON.stringify(answer)).not.toContain('of no interest');
});
