import { type Headers, isSecretHeader } from '../../core/headers.ts';

/** Shorter secrets would lose too much with their end. */
const leastShown = 12;

/** What the API shows of a secret: its last 4 characters, and those only where it has 12 or more. */
export function mask(secret: string): string {
  return secret.length < leastShown ? '…' : `…${secret.slice(-4)}`;
}

/** Whether it is the mask of a secret, which a caller sends back by mistake. */
export function isMasked(text: string): boolean {
  return /^….{0,4}$/su.test(text);
}

/** Headers as the API shows them: what is secret among them masked. */
export function maskedHeaders(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isSecretHeader(name) ? mask(value) : value]),
  );
}
