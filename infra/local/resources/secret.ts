import { createHash, randomInt } from 'node:crypto';
import { z } from 'zod';
import { tagsMeanNothing, type ResourceKind } from '../resource-kind.ts';
import { secretName } from '../secrets-endpoint.ts';

const generation = z.strictObject({
  PasswordLength: z.number().int().min(1).max(4096).optional(),
  ExcludeCharacters: z.string().optional(),
  ExcludeLowercase: z.boolean().optional(),
  ExcludeUppercase: z.boolean().optional(),
  ExcludeNumbers: z.boolean().optional(),
  ExcludePunctuation: z.boolean().optional(),
  IncludeSpace: z.boolean().optional(),
  RequireEachIncludedType: z.boolean().optional(),
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
});

export type SecretGeneration = z.infer<typeof generation>;

const runs = z.strictObject({
  Name: z.string().optional(),
  SecretString: z.string().optional(),
  GenerateSecretString: generation.optional(),
});

/** AWS::SecretsManager::Secret. A generated value is as random as on AWS, and new with each start. */
export const secret: ResourceKind<z.infer<typeof runs>> = {
  file: 'secret',
  runs,
  meansNothingHere: {
    KmsKeyId: 'encryption at rest',
    Description: 'for people',
    ReplicaRegions: 'one region is all there is',
    Type: 'only managed external secrets differ by it, and those need a rotation',
    ...tagsMeanNothing,
  },
  identify: ({ property, generatedName, arn }) => {
    const name = property('Name') ?? generatedName;
    // AWS ends a secret's ARN with six random characters, and code takes names apart by that.
    const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
    const secretArn = arn('secretsmanager', `secret:${name}-${suffix}`);
    return { ref: secretArn, attributes: { Id: secretArn } };
  },
  create: ({ ref, properties }, { secrets }) => {
    const { SecretString, GenerateSecretString } = properties;
    const value = GenerateSecretString ? generateSecretString(GenerateSecretString) : SecretString;
    if (value !== undefined) secrets.set({ arn: ref, name: secretName(ref), value });
  },
};

const characterTypes = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

/** A secret's value by the rules of Secrets Manager's GetRandomPassword and of `GenerateSecretString`. */
export function generateSecretString(rules: SecretGeneration): string {
  const password = randomPassword(rules);
  if (rules.SecretStringTemplate === undefined || rules.GenerateStringKey === undefined) return password;
  const template = JSON.parse(rules.SecretStringTemplate) as Record<string, unknown>;
  return JSON.stringify({ ...template, [rules.GenerateStringKey]: password });
}

function randomPassword(rules: SecretGeneration): string {
  const excluded = new Set(rules.ExcludeCharacters ?? '');
  const types = Object.entries(characterTypes)
    .filter(([exclude]) => rules[exclude as keyof typeof characterTypes] !== true)
    .map(([, characters]) => [...characters].filter((character) => !excluded.has(character)))
    .filter((characters) => characters.length > 0);
  if (rules.IncludeSpace) types.push([' ']);
  const all = types.flat();
  const length = rules.PasswordLength ?? 32;
  const required = rules.RequireEachIncludedType === false ? [] : types.map(pick).slice(0, length);
  const rest = Array.from({ length: length - required.length }, () => pick(all));
  return shuffled([...required, ...rest]).join('');
}

function pick(characters: readonly string[]): string {
  return characters[randomInt(characters.length)]!;
}

function shuffled(characters: string[]): string[] {
  for (let last = characters.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters;
}
