import { z } from 'zod';
import type { Answer, Operation, OperationRequest } from './operation.ts';
import { type FieldError, Problem, fieldsNotValid } from './problem.ts';

/** What an Idempotency-Key must match. */
export const keyPattern = /^[\x20-\x7e]{1,256}$/;

/** An operation by which an org publishes: it takes an Idempotency-Key, and reads its body by itself. */
export function publishOperation<Read>(
  read: (body: unknown, text: string) => Read,
  run: (request: Omit<OperationRequest<Read>, 'query'>) => Promise<Answer>,
): Operation {
  return {
    roles: ['publisher'],
    body: z.unknown(),
    takesIdempotencyKey: true,
    run: async (request) => run({ ...request, body: readWithKey(request, read) }),
  };
}

/** @throws Problem that tells of body and key at once */
function readWithKey<Read>(
  { body, text, idempotencyKey }: OperationRequest<unknown>,
  read: (body: unknown, text: string) => Read,
): Read {
  const keyErrors = keyFaults(idempotencyKey);
  try {
    const result = read(body, text);
    if (keyErrors.length === 0) return result;
  } catch (error) {
    if (keyErrors.length === 0 || !(error instanceof Problem)) throw error;
    keyErrors.unshift(...error.errors);
  }
  throw new Problem('invalid_request', `${fieldsNotValid(keyErrors)}; nothing was published.`, keyErrors);
}

function keyFaults(key: string | undefined): FieldError[] {
  if (key === undefined || keyPattern.test(key)) return [];
  return [{ path: 'Idempotency-Key', message: 'must be 1 to 256 printable ASCII characters' }];
}
