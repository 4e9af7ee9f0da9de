import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { AccountPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnCluster, CfnClusterPolicy, CfnConfiguration } from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';
import type { NewCluster, TenantAccess } from '../cluster-settings.ts';
import type { NetworkStack } from '../stacks/network.ts';

/** Of each topic that is made. */
export const replication = 3;
export const minInSyncReplicas = 2;

const serverProperties = {
  'auto.create.topics.enable': false,
  'default.replication.factor': replication,
  'min.insync.replicas': minInSyncReplicas,
  'unclean.leader.election.enable': false,
  // From the first moment on. Nobody is locked out by it: who comes with an IAM role needs no ACL.
  'allow.everyone.if.no.acl.found': false,
  // A record of 1 MiB with its key and headers.
  'message.max.bytes': 2_097_152,
};

export interface MadeClusterProps {
  readonly stage: string;
  readonly cluster: NewCluster;
  readonly network: NetworkStack;
}

/**
 * The cluster that the deploy makes. It stays when its stack is deleted, and its key with it; but not where the deploy that
 * makes it fails, or its name would be in the way of the next.
 */
export class MadeCluster extends Construct {
  readonly cluster: CfnCluster;
  /** Whoever is in it reaches the brokers. */
  readonly brokerAccess: SecurityGroup;

  constructor(scope: Construct, id: string, { stage, cluster: settings, network }: MadeClusterProps) {
    super(scope, id);
    const { brokers, kafkaVersion, tenantAccess } = settings;
    this.brokerAccess = new SecurityGroup(this, 'BrokerAccess', {
      vpc: network.vpc,
      description: 'Brokers, and the event source mappings and functions that reach them',
      allowAllOutbound: true,
    });
    this.brokerAccess.addIngressRule(this.brokerAccess, Port.tcpRange(9092, 9098), 'Kafka within the group');
    this.brokerAccess.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);

    const key = new Key(this, 'Key', {
      description: `Encrypts what the brokers of fanout-${stage} keep`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: `fanout-${stage}`,
      serverProperties: Object.entries(serverProperties)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    });
    configuration.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    const logs = new LogGroup(this, 'BrokerLogs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.cluster = new CfnCluster(this, 'Cluster', {
      clusterName: `fanout-${stage}`,
      kafkaVersion,
      numberOfBrokerNodes: brokers.count,
      brokerNodeGroupInfo: {
        instanceType: brokers.instanceType,
        clientSubnets: [
          ...(tenantAccess.kind === 'public' ? network.publicSubnetIds : network.privateSubnetIds),
        ],
        securityGroups: [this.brokerAccess.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: brokers.storageGiB } },
        ...connectivity(tenantAccess),
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      clientAuthentication: { sasl: { iam: { enabled: true }, scram: { enabled: true } } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: key.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logs.logGroupName } } },
    });
    this.cluster.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    this.#letTenantsIn(tenantAccess);
  }

  /** Only while it is opened: whether MSK by itself closes a cluster that was, is not known. */
  #letTenantsIn(access: TenantAccess): void {
    if (access.kind !== 'private' && !access.opened) return;
    // First the cluster has private connections, then it has a policy of who may make them.
    if (access.kind === 'private_link')
      new CfnClusterPolicy(this, 'Policy', {
        clusterArn: this.cluster.attrArn,
        policy: connectingAccounts(access.accounts, this.cluster.attrArn).toJSON() as unknown,
      });
    const from = access.from ?? [];
    for (const range of from)
      this.brokerAccess.addIngressRule(Peer.ipv4(range), scramPorts[access.kind], 'Consumers of tenants');
    if (from.some((range) => range.endsWith('/0')))
      Validations.of(this.brokerAccess).acknowledge({
        id: 'AwsSolutions-EC23',
        reason:
          "The stage's settings let everybody connect; each still needs a user, over TLS, and has its ACLs alone",
      });
  }
}

/** Where brokers take users of SCRAM who come from there. */
const scramPorts: Readonly<Record<TenantAccess['kind'], Port>> = {
  private: Port.tcp(9096),
  public: Port.tcp(9196),
  private_link: Port.tcpRange(14001, 14100),
};

function connectivity(access: TenantAccess): Partial<CfnCluster.BrokerNodeGroupInfoProperty> {
  if (access.kind === 'private' || !access.opened) return {};
  return {
    connectivityInfo:
      access.kind === 'public'
        ? { publicAccess: { type: 'SERVICE_PROVIDED_EIPS' } }
        : { vpcConnectivity: { clientAuthentication: { sasl: { scram: { enabled: true } } } } },
  };
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/mvpc-cluster-owner-action-policy.html */
function connectingAccounts(accounts: readonly string[], clusterArn: string): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        principals: accounts.map((account) => new AccountPrincipal(account)),
        actions: [
          'kafka:CreateVpcConnection',
          'kafka:GetBootstrapBrokers',
          'kafka:DescribeCluster',
          'kafka:DescribeClusterV2',
        ],
        resources: [clusterArn],
      }),
    ],
  });
}
