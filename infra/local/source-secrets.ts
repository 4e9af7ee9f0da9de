import { z } from 'zod';
import type { KafkaAccess } from './engines/engine.ts';

const given = z.record(
  z.string().regex(/^arn:[^:]*:secretsmanager:[^:]*:\d{12}:secret:.{8,}$/, 'is not the ARN of a secret'),
  z.union([z.string(), z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value))]),
);

/**
 * Reads `FANOUT_SECRETS`: what the secrets hold that stages name but do not make, as a JSON object by ARN. A value is
 * the secret's text, or the object that its text is the JSON of. Absent or empty: none.
 * @throws Error that says what is wrong with it, and nothing of what is in it
 */
export function givenSecrets(text: string | undefined): Record<string, string> {
  if (!text?.trim()) return {};
  const parsed = given.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    'FANOUT_SECRETS must be a JSON object that has an object or a string for each ARN of a secret: ' +
      '{"arn:aws:secretsmanager:<region>:<account>:secret:<name>-<6 characters>": {"username": "…", "password": "…"}}.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * What the operator of this machine's broker would have put into the secrets of a source that reads it: one text that
 * will do as credentials and as certificate authority.
 */
export function localSecret({ username, password, certificateAuthority }: KafkaAccess): string {
  return JSON.stringify({ username, password, certificate: certificateAuthority });
}

const credentials = z.object({ username: z.string().min(1), password: z.string().min(1) });
const authority = z.object({ certificate: z.string().includes('-----BEGIN CERTIFICATE-----') });

/** @throws Error when the secret's text is not what Lambda takes as credentials */
export function readCredentials(arn: string, text: string): z.infer<typeof credentials> {
  const parsed = credentials.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(`secret ${arn} does not hold {"username": "…", "password": "…"}`);
}

/** @throws Error when the secret's text is not what Lambda takes as a certificate authority */
export function readCertificateAuthority(arn: string, text: string): string {
  const parsed = authority.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.certificate;
  throw new Error(`secret ${arn} does not hold {"certificate": "<PEM>"}`);
}
