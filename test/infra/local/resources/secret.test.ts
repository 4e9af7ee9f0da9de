import { describe, expect, it } from 'vitest';
import { generateSecretString, type SecretGeneration } from '../../../../infra/local/resources/secret.ts';

describe('generateSecretString', () => {
  it.each<[string, SecretGeneration, RegExp]>([
    ['32 characters by default', {}, /^[!-~]{32}$/],
    ['the length that is asked for', { PasswordLength: 43 }, /^[!-~]{43}$/],
    ['no punctuation', { ExcludePunctuation: true, PasswordLength: 200 }, /^[A-Za-z0-9]{200}$/],
    [
      'digits alone',
      { ExcludePunctuation: true, ExcludeLowercase: true, ExcludeUppercase: true },
      /^[0-9]{32}$/,
    ],
    ['no excluded characters', { ExcludeCharacters: 'abc"\\', PasswordLength: 500 }, /^[^abc"\\]{500}$/],
    [
      'a template with the value under a key',
      {
        SecretStringTemplate: '{"username":"admin"}',
        GenerateStringKey: 'password',
        ExcludePunctuation: true,
        PasswordLength: 5,
      },
      /^\{"username":"admin","password":"[A-Za-z0-9]{5}"\}$/,
    ],
  ])('makes %s', (_, rules, expected) => {
    expect(generateSecretString(rules)).toMatch(expected);
  });

  it('has a character of each type, unless that is not required', () => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const value = generateSecretString({ PasswordLength: 4 });
      for (const type of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) expect(value).toMatch(type);
    }
    const loose = Array.from({ length: 100 }, () =>
      generateSecretString({ PasswordLength: 4, RequireEachIncludedType: false }),
    );
    expect(loose.some((value) => !/[0-9]/.test(value))).toBe(true);
  });

  it('never makes the same twice', () => {
    expect(
      new Set(Array.from({ length: 100 }, () => generateSecretString({ PasswordLength: 20 }))).size,
    ).toBe(100);
  });
});
