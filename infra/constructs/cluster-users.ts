import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnBatchScramSecret } from 'aws-cdk-lib/aws-msk';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { StoredSecret } from '../source-settings.ts';

export interface ClusterUsersProps {
  readonly clusterArn: string;
  /** Encrypts the secrets. */
  readonly key: Key;
  readonly stage: string;
  /** The sources that read as a user of their own: at least one. */
  readonly sources: readonly string[];
}

/** The user that a source's records are read as. Two stages may be on one cluster, and a name has one password. */
export function sourceUser(stage: string, source: string): string {
  return `fanout-${stage}-${source}`;
}

/**
 * A user of the cluster, `fanout-<stage>-<source>`, for each source that reads by SCRAM-SHA-512. MSK takes only secrets that
 * are named `AmazonMSK_…` and encrypted with a customer's key, and takes up to ten minutes to let a new user in.
 */
export class ClusterUsers extends Construct {
  /** By source. */
  readonly secrets: ReadonlyMap<string, StoredSecret>;

  constructor(scope: Construct, id: string, { clusterArn, key, stage, sources }: ClusterUsersProps) {
    super(scope, id);
    this.secrets = new Map(
      sources.map((source) => {
        const secret = new Secret(this, `Secret-${source}`, {
          secretName: `AmazonMSK_fanout-${stage}-${source}`,
          description: `The Kafka user that source ${source} reads as`,
          encryptionKey: key,
          generateSecretString: {
            secretStringTemplate: JSON.stringify({ username: sourceUser(stage, source) }),
            generateStringKey: 'password',
            excludePunctuation: true,
            passwordLength: 43,
          },
          // The password of a user that is gone is of no use to anyone.
          removalPolicy: RemovalPolicy.DESTROY,
        });
        Validations.of(secret).acknowledge({
          id: 'AwsSolutions-SMG4',
          reason:
            'MSK takes up to ten minutes to let a user in by a new password, and the mapping could not read until then: it is replaced when an operator says so',
        });
        return [source, { secretArn: secret.secretArn, keyArn: key.keyArn }];
      }),
    );
    new CfnBatchScramSecret(this, 'Users', {
      clusterArn,
      secretArnList: [...this.secrets.values()].map(({ secretArn }) => secretArn),
    });
  }
}
