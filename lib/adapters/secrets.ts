import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { boundedRequests } from './bounded-requests.ts';

const client = new SecretsManagerClient(boundedRequests);

/** The value of a secret, by ARN. Functions read theirs once for each environment. */
export async function readSecret(arn: string): Promise<string> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  if (!SecretString) throw new Error(`secret ${arn} has no text value`);
  return SecretString;
}
