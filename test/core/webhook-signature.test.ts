import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { rotatedSecrets, validSecrets } from '../../lib/core/endpoint.ts';
import { isSigningSecret, newSigningSecret, signatureHeaders } from '../../lib/core/webhook-signature.ts';
import { endpoint } from '../endpoints.ts';

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

describe('after a rotation', () => {
  afterEach(() => void vi.useRealTimers());
  const startMs = Date.parse('2026-01-01T00:00:00.000Z');
  const hours = 3_600_000;
  const [first, second, third, fourth] = Array.from({ length: 4 }, newSigningSecret) as [
    string,
    string,
    string,
    string,
  ];
  const rotated = (target: ReturnType<typeof endpoint>, to: string, overlapSeconds: number, atMs: number) =>
    endpoint({ secrets: rotatedSecrets(target, to, overlapSeconds, atMs) });

  /** Which of the secrets verify what is sent at that time, with a receiver's clock at the same time. */
  function verifying(target: ReturnType<typeof endpoint>, atMs: number): string[] {
    vi.useFakeTimers({ toFake: ['Date'], now: atMs });
    const headers = signatureHeaders(validSecrets(target, atMs), 'msg_1', atMs, body);
    return [first, second, third, fourth].filter((secret) => {
      try {
        return Boolean(new Webhook(secret).verify(body, headers));
      } catch {
        return false;
      }
    });
  }

  test('receivers with the old and with the new secret verify until the overlap ends, then only the new', () => {
    const target = rotated(endpoint({ secrets: [{ value: first }] }), second, 86_400, startMs);
    expect(target.secrets).toEqual([
      { value: second },
      { value: first, expiresAt: '2026-01-02T00:00:00.000Z' },
    ]);
    expect(verifying(target, startMs)).toEqual([first, second]);
    expect(verifying(target, startMs + 24 * hours - 1)).toEqual([first, second]);
    expect(verifying(target, startMs + 24 * hours)).toEqual([second]);
    expect(validSecrets(target, startMs)[0]).toBe(second);
  });

  test('two older ones are kept at most, each to its own end, and those whose time is over are dropped', () => {
    const once = rotated(endpoint({ secrets: [{ value: first }] }), second, 3600, startMs);
    const twice = rotated(once, third, 86_400, startMs + 1);
    expect(verifying(twice, startMs + 2)).toEqual([first, second, third]);
    expect(verifying(twice, startMs + hours)).toEqual([second, third]);
    const thrice = rotated(twice, fourth, 86_400, startMs + 2);
    expect(thrice.secrets.map(({ value }) => value)).toEqual([fourth, third, second]);
    const later = rotated(once, third, 86_400, startMs + hours);
    expect(later.secrets.map(({ value }) => value)).toEqual([third, second]);
  });

  test('without an overlap the old ones end at once', () => {
    const once = rotated(endpoint({ secrets: [{ value: first }] }), second, 86_400, startMs);
    expect(verifying(rotated(once, third, 0, startMs + 1), startMs + 1)).toEqual([third]);
  });

  test('an older secret can become the newest again', () => {
    const once = rotated(endpoint({ secrets: [{ value: first }] }), second, 60, startMs);
    const back = rotated(once, first, 120, startMs);
    expect(back.secrets).toEqual([
      { value: first },
      { value: second, expiresAt: '2026-01-01T00:02:00.000Z' },
    ]);
  });
});
