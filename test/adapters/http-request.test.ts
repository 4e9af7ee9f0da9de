import type { APIGatewayProxyEventV2WithLambdaAuthorizer, Context } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { serveOperations } from '../../lib/adapters/serve-operations.ts';
import type { Caller } from '../../lib/app/api/operation.ts';

const serve = serveOperations({
  'POST /read': { roles: [], body: z.unknown(), run: async ({ text }) => ({ status: 200, body: { text } }) },
});

function send(body: string, contentLength: number) {
  const event = {
    routeKey: 'POST /read',
    headers: { 'content-type': 'application/json', 'content-length': String(contentLength) },
    requestContext: { authorizer: { lambda: { role: 'operator' } } },
    body,
    isBase64Encoded: false,
  };
  return serve(
    event as unknown as APIGatewayProxyEventV2WithLambdaAuthorizer<Caller | undefined>,
    {} as Context,
  );
}

describe('a body in which the gateway has replaced what is not UTF-8', () => {
  const sent = Buffer.from('{"a": "\xfc"}', 'latin1');
  const replaced = sent.toString('utf8');

  test('is refused: it is not what was sent', async () => {
    expect(await send(replaced, sent.length)).toMatchObject({ statusCode: 400 });
  });

  test('is taken where the replacement character itself was sent', async () => {
    expect(await send(replaced, Buffer.byteLength(replaced))).toMatchObject({ statusCode: 200 });
  });
});
