import { Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Construct } from 'constructs';
import { ClusterUsers } from '../constructs/cluster-users.ts';
import { MadeCluster, minInSyncReplicas, replication } from '../constructs/made-cluster.ts';
import { hasMadeTopic, readsAsUser, type StoredSecret } from '../source-settings.ts';
import type { ExistingCluster, NewCluster } from '../cluster-settings.ts';
import type { FanoutStackProps } from './fanout-stack.ts';
import type { NetworkStack } from './network.ts';

export interface StreamingStackProps extends FanoutStackProps {
  readonly cluster: NewCluster | ExistingCluster;
  readonly network: NetworkStack;
}

/** Our own cluster, made by the deploy or found. */
export interface OwnCluster {
  readonly arn: string;
  readonly name: string;
  /** Where functions that reach the brokers are, and what they have to be a member of. */
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  /** Encrypts the secrets of users; MSK takes none without a customer's key. */
  readonly userKeyArn: string;
  /** The secrets of the sources' users, by source. */
  readonly userSecrets: ReadonlyMap<string, StoredSecret>;
  /** The topics that sources ingest. */
  readonly sourceTopics: readonly string[];
}

/** Our own Kafka cluster, and the topics and users of the sources on it. */
export class StreamingStack extends Stack {
  readonly kafka: OwnCluster;

  constructor(scope: Construct, id: string, props: StreamingStackProps) {
    super(scope, id, props);
    const { name, sources } = props.settings;
    const cluster = this.#cluster(props);
    const onCluster = Object.entries(sources).filter(([, source]) => source.cluster.kind === 'msk');
    for (const [sourceName, source] of onCluster.filter(([, each]) => hasMadeTopic(each, name))) {
      const topic = new CfnTopic(this, `Topic-${sourceName}`, {
        clusterArn: cluster.arn,
        topicName: source.topic,
        partitionCount: source.partitions,
        replicationFactor: replication,
        configs: Fn.base64(`min.insync.replicas=${minInSyncReplicas}\n`),
      });
      topic.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    }
    const key = new Key(this, 'UserKey', {
      description: `Encrypts the secrets of the Kafka users of fanout-${name}`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    const asUsers = onCluster.filter(([, source]) => readsAsUser(source)).map(([sourceName]) => sourceName);
    const userSecrets =
      asUsers.length > 0
        ? new ClusterUsers(this, 'Users', { clusterArn: cluster.arn, key, stage: name, sources: asUsers })
            .secrets
        : new Map<string, StoredSecret>();
    const subnetIds = props.network.privateSubnetIds;
    const sourceTopics = [...new Set(onCluster.map(([, { topic }]) => topic))];
    this.kafka = { ...cluster, subnetIds, userKeyArn: key.keyArn, userSecrets, sourceTopics };
  }

  #cluster({ cluster, network, settings }: StreamingStackProps) {
    if (cluster.kind === 'existing') {
      // `…:cluster/<name>/<uuid>`
      const { clusterArn: arn, securityGroupId } = cluster;
      return { arn, name: arn.split('/')[1]!, securityGroupId };
    }
    const made = new MadeCluster(this, 'Kafka', { stage: settings.name, cluster, network });
    return {
      arn: made.cluster.attrArn,
      name: made.cluster.clusterName,
      securityGroupId: made.brokerAccess.securityGroupId,
    };
  }
}
