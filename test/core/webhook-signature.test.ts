import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { isSigningSecret, newSigningSecret, signatureHeaders } from '../../lib/core/webhook-signature.ts';

const body = '{"amount": 12345678901234567890, "name": "é"}';

test('receivers with the standardwebhooks package verify what is signed', () => {
  const secret = newSigningSecret();
  const headers = signatureHeaders([secret], 'msg_1', Date.now(), body);
  expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
  expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
  expect(() => new Webhook(newSigningSecret()).verify(body, headers)).toThrow();
});

test('with two secrets both verify', () => {
  const secrets = [newSigningSecret(), newSigningSecret()];
  const headers = signatureHeaders(secrets, 'msg_1', Date.now(), body);
  for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
});

test.each([
  [newSigningSecret(), true],
  [`whsec_${Buffer.alloc(24).toString('base64')}`, true],
  [`whsec_${Buffer.alloc(64).toString('base64')}`, true],
  [`whsec_${Buffer.alloc(23).toString('base64')}`, false],
  [`whsec_${Buffer.alloc(65).toString('base64')}`, false],
  ['whsec_not base64 at all, but long enough to pass', false],
  [Buffer.alloc(32).toString('base64'), false],
])('%s is a secret: %s', (secret, is) => {
  expect(isSigningSecret(secret)).toBe(is);
});
