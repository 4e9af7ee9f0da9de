import { describe, expect, test } from 'vitest';
import { publishOperation } from '../../../lib/app/api/publish-operation.ts';
import { Problem } from '../../../lib/app/api/problem.ts';

const operation = publishOperation(
  (body) => {
    if (body === 'bad') throw new Problem('invalid_request', 'x', [{ path: 'data', message: 'is missing' }]);
    return body;
  },
  async ({ body }) => ({ status: 202, body }),
);

const call = (body: string, idempotencyKey?: string) =>
  operation.run({ caller: { role: 'operator' }, path: {}, query: {}, body, text: '', idempotencyKey });

describe('an Idempotency-Key', () => {
  test.each([undefined, 'a', ' !~', 'x'.repeat(256)])('%j is one, or none', async (key) => {
    expect(await call('good', key)).toEqual({ status: 202, body: 'good' });
  });

  test.each(['', 'x'.repeat(257), 'a\nb', 'ü'])('%j is refused', async (key) => {
    await expect(call('good', key)).rejects.toMatchObject({
      kind: 'invalid_request',
      message: '1 field is not valid; nothing was published.',
      errors: [{ path: 'Idempotency-Key' }],
    });
  });

  test('that is refused is told of with what is wrong with the body', async () => {
    await expect(call('bad', '')).rejects.toMatchObject({
      errors: [{ path: 'data' }, { path: 'Idempotency-Key' }],
    });
    await expect(call('bad', 'a')).rejects.toMatchObject({ errors: [{ path: 'data' }] });
  });
});
