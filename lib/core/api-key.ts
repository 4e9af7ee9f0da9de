import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { randomId } from './identifiers.ts';

/** What is kept of a key; the key itself is shown once, when it is made. */
export interface ApiKey {
  readonly id: string;
  /** Absent on operator keys. */
  readonly orgId?: string;
  readonly name: string;
  readonly role: 'operator' | 'publisher' | 'tenant';
  /** SHA-256 of the key, in hex: keys are 256 random bits, so nothing slower is needed. */
  readonly hash: string;
  readonly createdAt: string;
}

const keyForm = /^fanout_([a-z2-9]{20})_[A-Za-z0-9_-]{43}$/;

/** A new key, `fanout_<id>_<secret>`, its id, and what is kept of it. */
export function newApiKey(): { id: string; key: string; hash: string } {
  const id = randomId('key');
  const key = `fanout_${id.slice('key_'.length)}_${randomBytes(32).toString('base64url')}`;
  return { id, key, hash: hashOf(key) };
}

/** The id inside a key, or undefined when the text has not the form of one. */
export function apiKeyId(key: string): string | undefined {
  const id = keyForm.exec(key)?.[1];
  return id && `key_${id}`;
}

/** Whether a key is the one whose hash is kept, in constant time. */
export function isApiKey(key: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(key), 'hex'), Buffer.from(hash, 'hex'));
}

/** SHA-256 in hex. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
