import {
  BatchAssociateScramSecretCommand,
  BatchDisassociateScramSecretCommand,
  type KafkaClient,
  paginateListScramSecrets,
  type UnprocessedScramSecret,
} from '@aws-sdk/client-kafka';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type StreamCluster, StreamClusterFault } from '../app/ports/stream-cluster.ts';
import { callAws, callAwsUnless } from './msk-faults.ts';
import type { MskSettings } from '../core/stream-cluster-settings.ts';

type UserSettings = Pick<MskSettings, 'clusterArn' | 'secretPrefix' | 'keyArn'>;

/** A secret's ARN ends with a dash and six characters. */
const arnSuffix = /-[A-Za-z0-9]{6}$/;

/**
 * Users of an MSK cluster: each is a secret that is associated with it. Brokers let a new one in some minutes later, which
 * only trying tells.
 */
export function createMskUsers(
  kafka: KafkaClient,
  secrets: SecretsManagerClient,
  settings: UserSettings,
): Pick<StreamCluster, 'ensureUser' | 'removeUser'> {
  const { clusterArn: ClusterArn, secretPrefix, keyArn } = settings;
  const find = async (username: string) => {
    const SecretId = secretPrefix + username;
    const found = await callAwsUnless(
      ['ResourceNotFoundException'],
      secrets.send(new DescribeSecretCommand({ SecretId })),
    );
    return found?.ARN === undefined
      ? undefined
      : { arn: found.ARN, isGoing: found.DeletedDate !== undefined };
  };

  return {
    async ensureUser({ username, password }) {
      const SecretString = JSON.stringify({ username, password });
      const found = await find(username);
      // Its name is free again when it is gone.
      if (found?.isGoing) return 'underway';
      const arn = found ? found.arn : await create(username, SecretString);
      if (found) await change(arn, SecretString);
      if ((await associated(kafka, ClusterArn)).includes(arn)) return 'done';
      const request = { ClusterArn, SecretArnList: [arn] };
      const answer = await callAws(kafka.send(new BatchAssociateScramSecretCommand(request)));
      checkProcessed(answer.UnprocessedScramSecrets);
      return 'done';
    },

    async removeUser(username) {
      const found = await find(username);
      if (!found) return 'done';
      if ((await associated(kafka, ClusterArn)).includes(found.arn)) {
        const request = { ClusterArn, SecretArnList: [found.arn] };
        const answer = await callAws(kafka.send(new BatchDisassociateScramSecretCommand(request)));
        checkProcessed(answer.UnprocessedScramSecrets);
      }
      if (found.isGoing) return 'underway';
      const request = { SecretId: found.arn, ForceDeleteWithoutRecovery: true };
      await callAwsUnless(['ResourceNotFoundException'], secrets.send(new DeleteSecretCommand(request)));
      return 'done';
    },
  };

  async function create(username: string, SecretString: string): Promise<string> {
    const secret = {
      Name: secretPrefix + username,
      Description: `The Kafka user ${username} of an org's stream`,
      KmsKeyId: keyArn,
      SecretString,
    };
    return (await callAws(secrets.send(new CreateSecretCommand(secret)))).ARN!;
  }

  async function change(SecretId: string, SecretString: string): Promise<void> {
    const value = await callAwsUnless(
      // The call that made it came to its end without a value.
      ['ResourceNotFoundException'],
      secrets.send(new GetSecretValueCommand({ SecretId })),
    );
    if (value?.SecretString === SecretString) return;
    await callAws(secrets.send(new PutSecretValueCommand({ SecretId, SecretString })));
  }
}

/** The users of a cluster: ours by name, others by the ARN of their secret. */
export async function usernamesOnMsk(
  kafka: KafkaClient,
  { clusterArn, secretPrefix }: Pick<UserSettings, 'clusterArn' | 'secretPrefix'>,
): Promise<Set<string>> {
  const arns = await associated(kafka, clusterArn);
  const nameOf = (arn: string) => arn.slice(arn.indexOf(':secret:') + ':secret:'.length);
  return new Set(
    arns.map((arn) => {
      const name = nameOf(arn);
      return name.startsWith(secretPrefix) ? name.slice(secretPrefix.length).replace(arnSuffix, '') : arn;
    }),
  );
}

/** The ARNs of the secrets that are associated with a cluster. */
async function associated(client: KafkaClient, ClusterArn: string): Promise<string[]> {
  const pages = paginateListScramSecrets({ client }, { ClusterArn });
  return callAws(
    (async () => {
      const arns: string[] = [];
      for await (const { SecretArnList = [] } of pages) arns.push(...SecretArnList);
      return arns;
    })(),
  );
}

function checkProcessed(unprocessed: readonly UnprocessedScramSecret[] = []): void {
  const [first] = unprocessed;
  if (first) throw new StreamClusterFault('refused', `${first.ErrorCode}: ${first.ErrorMessage}`);
}
