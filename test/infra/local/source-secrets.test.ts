import { describe, expect, it } from 'vitest';
import {
  givenSecrets,
  localSecret,
  readCertificateAuthority,
  readCredentials,
} from '../../../infra/local/source-secrets.ts';
import { secretArn } from '../source-stages.ts';

const arn = secretArn('user');

describe('FANOUT_SECRETS', () => {
  it.each([
    ['absent', undefined, {}],
    ['empty', ' ', {}],
    ['with an object', `{"${arn}": {"username": "u"}}`, { [arn]: '{"username":"u"}' }],
    ['with a text', `{"${arn}": "text"}`, { [arn]: 'text' }],
  ])('%s', (_, text, secrets) => {
    expect(givenSecrets(text)).toEqual(secrets);
  });

  it.each(['s3cret', '["s3cret"]', '{"my-secret": "s3cret"}', `{"${arn}": 7}`])(
    'is refused when it is %s, without repeating what is in it',
    (text) => {
      const refused = () => givenSecrets(text);
      expect(refused).toThrow(/^FANOUT_SECRETS must be a JSON object/);
      expect(refused).not.toThrow(/s3cret/);
    },
  );
});

describe('what a secret holds', () => {
  const access = {
    bootstrapServers: '127.0.0.1:9',
    username: 'admin',
    password: 'p',
    saslMechanism: 'PLAIN',
    securityProtocol: 'SASL_SSL',
    certificateAuthority: '-----BEGIN CERTIFICATE-----\n…',
  } as const;

  it("is, for the local broker, a user's name and password and the authority of its certificate", () => {
    expect(readCredentials(arn, localSecret(access))).toEqual({ username: 'admin', password: 'p' });
    expect(readCertificateAuthority(arn, localSecret(access))).toBe(access.certificateAuthority);
  });

  it.each(['text', '{}', '{"username": "u"}', '{"username": "", "password": "p"}', '[]'])(
    'is no credentials when it is %s',
    (text) => {
      expect(() => readCredentials(arn, text)).toThrow(
        `secret ${arn} does not hold {"username": "…", "password": "…"}`,
      );
    },
  );

  it.each(['text', '{}', '{"certificate": "MIIB"}'])('is no authority when it is %s', (text) => {
    expect(() => readCertificateAuthority(arn, text)).toThrow(
      `secret ${arn} does not hold {"certificate": "<PEM>"}`,
    );
  });
});
