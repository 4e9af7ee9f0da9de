import { createHash } from 'node:crypto';
import type { Item } from './dynamodb-batch.ts';

/**
 * The key of a claim of an idempotency key. Keys are hashed: they may be long, and say things about people.
 * @param scope a source's name, or what `orgScope` gives; none is the other
 */
export function claimKey(scope: string, key: string): Item {
  return {
    pk: { S: `CLAIM#${scope}#${createHash('sha256').update(key).digest('base64url')}` },
    sk: { S: 'CLAIM' },
  };
}

/** Names of sources have no capital letters. */
export function orgScope(orgId: string): string {
  return `ORG#${orgId}`;
}
