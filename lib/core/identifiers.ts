import { randomBytes } from 'node:crypto';

/**
 * Ids of orgs and endpoints: 1 to 64 letters, digits, `_` and `-`, the first a letter or digit. No dots, so that
 * no topic or group prefix reaches into another org.
 */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** A new id such as `ep_0f3k…`: the prefix, then 20 letters and digits (100 random bits). */
export function randomId(prefix: string): string {
  let id = `${prefix}_`;
  for (const byte of randomBytes(20)) id += 'abcdefghijkmnpqrstuvwxyz23456789'[byte & 31];
  return id;
}
