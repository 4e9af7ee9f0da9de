import { Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { StreamClusterSettings } from '../../lib/core/stream-cluster-settings.ts';
import { reachSelfManaged } from '../constructs/cluster-access.ts';
import type { DeliveryQueues } from '../constructs/delivery-queues.ts';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { allowOrgTopics, allowTopicList } from '../constructs/org-topics.ts';
import { minInSyncReplicas, replication } from '../constructs/made-cluster.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';
import type { OwnCluster } from './streaming.ts';

export interface StreamsStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
  readonly queues: DeliveryQueues;
  readonly kafka: OwnCluster | undefined;
}

// One pass over a stream, most of which is spent waiting for the cluster.
const provisionTimeout = Duration.seconds(30);
/** Streams that are gone on with at once: so far may the cluster's capacity be overshot. */
const atOnce = 5;

/** What makes and removes topics, users and rights of orgs on the cluster. */
export class StreamsStack extends Stack {
  constructor(scope: Construct, id: string, props: StreamsStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets, queues, kafka } = props;
    const { cluster, mostUsers, mostPartitions } = settings.streams;
    const provision = new FanoutFunction(this, 'Provision', {
      functions,
      stage: settings.name,
      code: 'provision',
      description: "Provisions orgs' topics and users",
      timeout: provisionTimeout,
      memoryMiB: 512,
      environment: { RETENTION_DAYS: String(settings.retentionDays) },
    })
      .useTable(config, 'CONFIG_TABLE', ['GetItem', 'PutItem', 'DeleteItem'])
      .useTable(events, 'EVENTS_TABLE', ['PutItem', 'DeleteItem'])
      .readSecret(secrets.sealKey, 'SEAL_KEY_SECRET');
    queues.letProvision(provision);
    const access =
      cluster.kind === 'msk'
        ? this.#useOwn(provision, kafka, settings.name)
        : reachSelfManaged(provision, cluster);
    const capacity = { mostUsers, mostPartitions };
    provision.function.addEnvironment('STREAM_CLUSTER', JSON.stringify({ ...access, ...capacity }));

    queues.streams.grantConsumeMessages(provision.function);
    new EventSourceMapping(this, 'ProvisionMapping', {
      target: provision.function,
      eventSourceArn: queues.streams.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: atOnce,
    });
  }

  /** Our MSK cluster: topics and users by AWS's calls, rights by Kafka's protocol with the function's role. */
  #useOwn(provision: FanoutFunction, own: OwnCluster | undefined, stage: string) {
    if (!own) throw new Error('Streams are on our own cluster, and there is none');
    const secretPrefix = `AmazonMSK_fanout-${stage}.`;
    provision
      .enterNetwork(own.subnetIds, [own.securityGroupId])
      .allow(
        [
          'kafka:GetBootstrapBrokers',
          'kafka:ListScramSecrets',
          'kafka:BatchAssociateScramSecret',
          'kafka:BatchDisassociateScramSecret',
          'kafka:CreateTopic',
          'kafka-cluster:Connect',
          'kafka-cluster:DescribeCluster',
          // Rights are the cluster's.
          'kafka-cluster:AlterCluster',
        ],
        [own.arn],
      )
      .allowWildcards(
        [
          'secretsmanager:CreateSecret',
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:DeleteSecret',
        ],
        [this.formatArn({ service: 'secretsmanager', resource: `secret:${secretPrefix}*` })],
        "It makes the secrets of orgs' users; Secrets Manager ends each name with characters of its own",
      )
      .allow(['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], [own.userKeyArn])
      // MSK takes its own grant on the key when a secret is associated, and gives it back after.
      .allow(['kms:CreateGrant'], [own.userKeyArn], { Bool: { 'kms:GrantIsForAWSResource': true } })
      // KMS knows that condition for grants that are made, listed or revoked, not for those that are retired.
      .allow(['kms:RetireGrant'], [own.userKeyArn]);
    allowTopicList(provision, own);
    allowOrgTopics(provision, own, [
      'kafka:CreateTopic',
      'kafka:DescribeTopic',
      'kafka:DeleteTopic',
      'kafka-cluster:CreateTopic',
      'kafka-cluster:DescribeTopicDynamicConfiguration',
      'kafka-cluster:DeleteTopic',
    ]);
    return {
      kind: 'msk',
      clusterArn: own.arn,
      region: this.region,
      secretPrefix,
      keyArn: own.userKeyArn,
      replication,
      minInSyncReplicas,
    } satisfies Partial<StreamClusterSettings>;
  }
}
