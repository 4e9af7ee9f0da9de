import { type KeyObject, createHmac, createSecretKey, randomBytes } from 'node:crypto';

/** What signs a webhook: `whsec_` and 24 to 64 bytes in base64. Source: the Standard Webhooks specification. */
const secretPattern = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;

/** A new secret of 32 bytes. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** Whether a secret that a user gives is one: the form above, and 24 to 64 bytes when decoded. */
export function isSigningSecret(secret: string): boolean {
  if (!secretPattern.test(secret)) return false;
  const { length } = secretBytes(secret);
  return length >= 24 && length <= 64;
}

/**
 * The three Standard Webhooks headers of one attempt.
 * @param secrets each that is valid now; every one signs, so that receivers may hold any of them
 * @param timeMs the attempt's time in milliseconds, sent in seconds
 */
export function signatureHeaders(
  secrets: readonly string[],
  id: string,
  timeMs: number,
  body: string,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(timeMs / 1000));
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`);
    return `v1,${hmac.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Making a key costs more than signing a small body with it. The least recently made are dropped first. */
const keys = new Map<string, KeyObject>();
const mostKeys = 10_000;

function keyOf(secret: string): KeyObject {
  let key = keys.get(secret);
  if (!key) {
    key = createSecretKey(secretBytes(secret));
    keys.set(secret, key);
    if (keys.size > mostKeys) keys.delete(keys.keys().next().value!);
  }
  return key;
}

function secretBytes(secret: string): Buffer {
  return Buffer.from(secret.slice('whsec_'.length), 'base64');
}
