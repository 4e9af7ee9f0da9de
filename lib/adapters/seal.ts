import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Keeps texts secret where they are stored. */
export interface Seal {
  /** @param owner whose text it is: under another owner's name it cannot be opened */
  readonly seal: (text: string, owner: string) => string;
  /** @throws Error when it was not sealed with this key for this owner, or was changed since */
  readonly open: (sealed: string, owner: string) => string;
}

const algorithm = 'aes-256-gcm';
const version = 'v1.';
const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256 in Galois/Counter Mode (NIST SP 800-38D) with a random 96-bit nonce for each text.
 * @param key any text of at least 32 random characters
 */
export function createSeal(key: string): Seal {
  const cipherKey = Buffer.from(hkdfSync('sha256', key, '', 'fanout-seal-v1', 32));
  return {
    seal(text, owner) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, cipherKey, iv).setAAD(Buffer.from(owner));
      const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return version + Buffer.concat([iv, cipher.getAuthTag(), bytes]).toString('base64url');
    },
    open(sealed, owner) {
      if (!sealed.startsWith(version)) throw new Error(`what ${owner} has sealed is of no known version`);
      const bytes = Buffer.from(sealed.slice(version.length), 'base64url');
      const [iv, rest] = [bytes.subarray(0, ivBytes), bytes.subarray(ivBytes)];
      const decipher = createDecipheriv(algorithm, cipherKey, iv, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(owner)).setAuthTag(rest.subarray(0, tagBytes));
      return decipher.update(rest.subarray(tagBytes), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}
