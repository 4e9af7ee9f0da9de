import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secrets, startSecretsEndpoint } from '../../../infra/local/secrets-endpoint.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:operator-key-a1b2c3';
let endpoint: Awaited<ReturnType<typeof startSecretsEndpoint>>;
let client: SecretsManagerClient;

beforeAll(async () => {
  const secrets = new Secrets();
  secrets.set({ arn, name: 'operator-key', value: 'open "sesame"' });
  secrets.set({ arn: `${arn}-other`, name: 'other', value: 'another' });
  endpoint = await startSecretsEndpoint(secrets);
  client = new SecretsManagerClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await endpoint.stop();
});

describe('the secrets endpoint, asked by the AWS SDK', () => {
  it.each([
    ['ARN', arn],
    ['name', 'operator-key'],
  ])('gives a secret by its %s', async (_, SecretId) => {
    const answer = await client.send(new GetSecretValueCommand({ SecretId }));
    expect(answer).toMatchObject({ ARN: arn, Name: 'operator-key', SecretString: 'open "sesame"' });
    expect(answer.CreatedDate).toBeInstanceOf(Date);
    expect(Math.abs(answer.CreatedDate!.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    { SecretId: 'absent' },
    { SecretId: arn, VersionStage: 'AWSPREVIOUS' },
    { SecretId: arn, VersionId: 'a'.repeat(32) },
  ])('does not find %o', async (input) => {
    await expect(client.send(new GetSecretValueCommand(input))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('refuses every other call by name', async () => {
    await expect(client.send(new ListSecretsCommand({}))).rejects.toThrow(/ListSecrets is not answered/);
  });
});
