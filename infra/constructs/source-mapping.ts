import { Duration, Stack } from 'aws-cdk-lib';
import {
  EventSourceMapping,
  type EventSourceMappingOptions,
  type SourceAccessConfiguration,
  SourceAccessConfigurationType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import {
  readsAsUser,
  type SelfManagedCluster,
  type SourceSettings,
  type StoredSecret,
} from '../source-settings.ts';
import type { OwnCluster } from '../stacks/streaming.ts';
import type { FanoutFunction } from './fanout-function.ts';
import type { SourceAccess } from './source-access.ts';

type Access = Pick<
  EventSourceMappingOptions,
  'eventSourceArn' | 'kafkaBootstrapServers' | 'sourceAccessConfigurations'
>;

/**
 * The event source mapping that hands a source's records to its function, and the rights that Lambda needs for it in
 * the function's role. No on-failure destination, no filter, no end to retries: each would let a record pass without
 * a trace.
 */
export function mapSource(
  scope: Construct,
  name: string,
  source: SourceSettings,
  ingest: FanoutFunction,
  own: OwnCluster | undefined,
  userAccess: SourceAccess | undefined,
): void {
  const { cluster } = source;
  const access: Access =
    cluster.kind === 'msk' ? accessOwn(name, source, ingest, own) : accessSelfManaged(cluster, ingest);
  const mapping = new EventSourceMapping(scope, `Mapping-${name}`, {
    ...access,
    target: ingest.function,
    kafkaTopic: source.topic,
    kafkaConsumerGroupId: source.consumerGroupId,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: source.batchSize,
    maxBatchingWindow: Duration.seconds(source.batchWindowSeconds),
    reportBatchItemFailures: true,
    provisionedPollerConfig: {
      minimumPollers: source.pollers.minimum,
      maximumPollers: source.pollers.maximum,
      // Within one VPC mappings may share them: quiet sources do not each pay for their own.
      ...(cluster.kind === 'msk' && { pollerGroupName: Stack.of(scope).stackName }),
    },
  });
  // Lambda tries the rights out when it makes the mapping.
  mapping.node.addDependency(ingest);
  if (userAccess && readsAsUser(source)) mapping.node.addDependency(userAccess.letRead(name, source));
}

function accessOwn(
  name: string,
  source: SourceSettings,
  ingest: FanoutFunction,
  own: OwnCluster | undefined,
): Access {
  if (!own) throw new Error(`Source ${name} is on our own cluster, and there is none`);
  const { arn } = own;
  const asUser = readsAsUser(source);
  const describe = ['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'];
  ingest.allow([...describe, ...(asUser ? ['kafka:ListScramSecrets'] : [])], [arn]);
  allowNetworkInterfaces(ingest);
  if (asUser) {
    const secret = own.userSecrets.get(name);
    if (!secret) throw new Error(`The own cluster has no user for source ${name}`);
    const type = SourceAccessConfigurationType.SASL_SCRAM_512_AUTH;
    return { eventSourceArn: arn, sourceAccessConfigurations: [readable(secret, type, ingest)] };
  }
  const part = (resource: 'topic' | 'group', partName: string) =>
    Stack.of(ingest).formatArn({ service: 'kafka', resource, resourceName: `${own.name}/*/${partName}` });
  ingest.allow(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], [arn]);
  ingest.allowWildcards(
    [
      'kafka-cluster:DescribeGroup',
      'kafka-cluster:AlterGroup',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:ReadData',
    ],
    [part('topic', source.topic), part('group', source.consumerGroupId)],
    "Between the names of cluster and topic is the cluster's id, which is known once it is made",
  );
  return { eventSourceArn: arn };
}

const signInTypes = {
  plain: SourceAccessConfigurationType.BASIC_AUTH,
  'scram-sha-256': SourceAccessConfigurationType.SASL_SCRAM_256_AUTH,
  'scram-sha-512': SourceAccessConfigurationType.SASL_SCRAM_512_AUTH,
};

function accessSelfManaged(cluster: SelfManagedCluster, ingest: FanoutFunction): Access {
  const { bootstrapServers, authentication, credentials, certificateAuthority, network } = cluster;
  const configurations: SourceAccessConfiguration[] = [];
  if (authentication !== 'none' && credentials)
    configurations.push(readable(credentials, signInTypes[authentication], ingest));
  if (certificateAuthority) {
    const type = SourceAccessConfigurationType.SERVER_ROOT_CA_CERTIFICATE;
    configurations.push(readable(certificateAuthority, type, ingest));
  }
  if (network) {
    const all = (type: SourceAccessConfigurationType, ids: readonly string[]) =>
      ids.map((uri) => ({ type, uri }));
    configurations.push(
      ...all(SourceAccessConfigurationType.VPC_SUBNET, network.subnetIds),
      ...all(SourceAccessConfigurationType.VPC_SECURITY_GROUP, network.securityGroupIds),
    );
    allowNetworkInterfaces(ingest);
  }
  return { kafkaBootstrapServers: [...bootstrapServers], sourceAccessConfigurations: configurations };
}

/** A secret that Lambda reads with the function's role. Only by that role: whoever made the secret keeps its policy. */
function readable(
  { secretArn, keyArn }: StoredSecret,
  type: SourceAccessConfigurationType,
  ingest: FanoutFunction,
): SourceAccessConfiguration {
  ingest.allow(['secretsmanager:GetSecretValue'], [secretArn]);
  if (keyArn) ingest.allow(['kms:Decrypt'], [keyArn]);
  return { type, uri: secretArn };
}

/** The mapping makes network interfaces in the brokers' subnets. */
function allowNetworkInterfaces(ingest: FanoutFunction): void {
  ingest.allowWildcards(
    [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeVpcs',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeSubnets',
      'ec2:DescribeSecurityGroups',
    ],
    ['*'],
    'Lambda makes network interfaces with the role; EC2 has no narrower resource for these actions',
  );
}
