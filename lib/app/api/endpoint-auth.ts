import { z } from 'zod';
import type { EndpointAuth, WebhookEndpoint } from '../../core/endpoint.ts';
import { isMasked, mask } from './mask.ts';
import { Problem } from './problem.ts';

const credential = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'holds a control character, such as CR, LF or NUL');
const secret = credential.refine((text) => !isMasked(text), 'is masked: send the secret itself');

/** How the endpoint wants to be signed in to. */
export const authSchema = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      type: z.literal('basic'),
      username: credential.refine((text) => !text.includes(':'), 'must not hold a colon'),
      password: secret,
    }),
    z.strictObject({ type: z.literal('bearer'), token: secret }),
  ],
  'must be {"type": "basic", "username", "password"} or {"type": "bearer", "token"}',
);

/** @throws Problem when two fields say what the `authorization` header is */
export function checkAuthorization({ auth, headers }: WebhookEndpoint): void {
  if (!auth || headers['authorization'] === undefined) return;
  const message = 'is given together with';
  throw new Problem('invalid_request', 'auth sets the authorization header, and so does config.headers.', [
    { path: 'auth', message: `${message} config.headers.authorization: choose one` },
    { path: 'config.headers.authorization', message: `${message} auth: choose one` },
  ]);
}

/** As the API shows it. */
export function presentAuth(auth: EndpointAuth): object {
  return auth.type === 'basic'
    ? { type: auth.type, username: auth.username, password: mask(auth.password) }
    : { type: auth.type, token: mask(auth.token) };
}
