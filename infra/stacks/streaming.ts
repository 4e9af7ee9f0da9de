import { CfnOutput, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { CfnCluster, CfnConfiguration, CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Construct } from 'constructs';
import { ClusterUsers } from '../constructs/cluster-users.ts';
import type { OwnKafka } from '../constructs/source-mapping.ts';
import type { StoredSecret } from '../source-settings.ts';
import type { FanoutStackProps } from './fanout-stack.ts';

/** Of each topic that is made. */
export const replication = 3;
export const minInSyncReplicas = 2;

const kafkaVersion = '3.9.x.kraft';

const serverProperties = {
  'auto.create.topics.enable': false,
  'default.replication.factor': replication,
  'min.insync.replicas': minInSyncReplicas,
  'unclean.leader.election.enable': false,
  'allow.everyone.if.no.acl.found': false,
  // A record of 1 MiB with its key and headers.
  'message.max.bytes': 2_097_152,
};

/** The Kafka cluster, its network, and the topics and users of the sources on it. */
export class StreamingStack extends Stack {
  readonly kafka: OwnKafka;
  readonly vpc: Vpc;
  /** Whoever is in it reaches the brokers. */
  readonly brokerAccess: SecurityGroup;

  constructor(scope: Construct, id: string, props: FanoutStackProps) {
    super(scope, id, props);
    const { brokers, name, sources } = props.settings;

    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 3,
      natGateways: 1,
      // Would need a custom resource; nothing is ever put into the default group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 26 },
        { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
      ],
    });
    this.brokerAccess = new SecurityGroup(this, 'BrokerAccess', {
      vpc: this.vpc,
      description: 'Brokers, and the event source mappings and functions that reach them',
      allowAllOutbound: true,
    });
    this.brokerAccess.addIngressRule(this.brokerAccess, Port.tcpRange(9092, 9098), 'Kafka within the group');

    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: `fanout-${name}`,
      serverProperties: Object.entries(serverProperties)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n'),
    });
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: `fanout-${name}`,
      kafkaVersion,
      numberOfBrokerNodes: brokers.count,
      brokerNodeGroupInfo: {
        instanceType: brokers.instanceType,
        clientSubnets: this.vpc.privateSubnets.map((subnet) => subnet.subnetId),
        securityGroups: [this.brokerAccess.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: brokers.storageGiB } },
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      clientAuthentication: { sasl: { iam: { enabled: true }, scram: { enabled: true } } },
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
    });
    cluster.applyRemovalPolicy(RemovalPolicy.RETAIN);

    const onCluster = Object.entries(sources).filter(([, source]) => source.cluster.kind === 'msk');
    for (const [sourceName, source] of onCluster) {
      const topic = new CfnTopic(this, `Topic-${sourceName}`, {
        clusterArn: cluster.attrArn,
        topicName: source.topic,
        partitionCount: source.partitions,
        replicationFactor: replication,
        configs: Fn.base64(`min.insync.replicas=${minInSyncReplicas}\n`),
      });
      topic.applyRemovalPolicy(RemovalPolicy.RETAIN);
    }
    const asUsers = onCluster
      .filter(([, source]) => source.cluster.authentication === 'scram-sha-512')
      .map(([sourceName]) => sourceName);
    const userSecrets =
      asUsers.length > 0
        ? new ClusterUsers(this, 'Users', { cluster, stage: name, sources: asUsers }).secrets
        : new Map<string, StoredSecret>();
    this.kafka = { cluster, userSecrets };
    // For whoever tries Fanout out: of the first source, on this cluster if there is one.
    const [, shown] = onCluster[0] ?? Object.entries(sources)[0]!;
    new CfnOutput(this, 'IngestTopic', { value: shown.topic });
  }

  /** Three zones by position: the names of an account's zones need a look-up. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }
}
