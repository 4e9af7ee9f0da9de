import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { InvalidCursor } from '../app/ports/documents.ts';

type Key = Record<string, AttributeValue>;

/** DynamoDB takes no empty key, and 1024 bytes of a sort key at most; every attribute here is one in a table or index. */
const mostKeyBytes = 1024;

/** A table's or index's key as text for a caller to hand back. */
export function encodeCursor(key: Key): string {
  return Buffer.from(
    JSON.stringify(Object.fromEntries(Object.entries(key).map(([name, { S }]) => [name, S]))),
  ).toString('base64url');
}

/**
 * @param within what the key must have: the same attributes, and the same values where these are given (not empty),
 *   so that nobody reads on in another org's list
 * @throws InvalidCursor when the text is no cursor of this list
 */
export function decodeCursor(cursor: string, within: Key): Key {
  let key: Record<string, unknown>;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new InvalidCursor();
  }
  const names = Object.keys(within);
  const same = typeof key === 'object' && key !== null && Object.keys(key).length === names.length;
  const fits = (name: string) => {
    const [fixed, value] = [within[name]!.S, key[name]];
    if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > mostKeyBytes) return false;
    return !fixed || value === fixed;
  };
  if (!same || !names.every(fits)) throw new InvalidCursor();
  return Object.fromEntries(names.map((name) => [name, { S: key[name] as string }]));
}
