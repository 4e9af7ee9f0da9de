import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import type { ExistingCluster, NewCluster, TenantAccess } from '../../infra/cluster-settings.ts';
import { type StageSettings, stageProblems, stages } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';
import { reachedBy, theirCluster, theirNetwork } from './stage-variants.ts';

const { template } = stageTemplates();
const { production, sandbox } = stages;
const made = production.cluster as NewCluster;

test('the cluster is as safe as MSK makes one: replicas, TLS, own key, users, logs', () => {
  const streaming = template(production, 'Streaming');
  streaming.hasResource('AWS::MSK::Cluster', {
    DeletionPolicy: 'RetainExceptOnCreate',
    Properties: {
      KafkaVersion: '3.9.x.kraft',
      NumberOfBrokerNodes: 3,
      BrokerNodeGroupInfo: Match.objectLike({
        ClientSubnets: [Match.anyValue(), Match.anyValue(), Match.anyValue()],
        ConnectivityInfo: Match.absent(),
      }),
      ClientAuthentication: { Sasl: { Iam: { Enabled: true }, Scram: { Enabled: true } } },
      EncryptionInfo: {
        EncryptionAtRest: { DataVolumeKMSKeyId: Match.anyValue() },
        EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
      },
      LoggingInfo: { BrokerLogs: { CloudWatchLogs: Match.objectLike({ Enabled: true }) } },
    },
  });
  streaming.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  const [configuration] = Object.values(streaming.findResources('AWS::MSK::Configuration'));
  const { ServerProperties } = configuration!['Properties'] as { ServerProperties: string };
  for (const line of [
    'default.replication.factor=3',
    'min.insync.replicas=2',
    'unclean.leader.election.enable=false',
    'allow.everyone.if.no.acl.found=false',
  ])
    expect(ServerProperties.split('\n')).toContain(line);
  streaming.allResourcesProperties('AWS::MSK::Topic', { ReplicationFactor: 3 });
});

describe('consumers of tenants', () => {
  const connectivity = (settings: StageSettings) => {
    const [cluster] = Object.values(template(settings, 'Streaming').findResources('AWS::MSK::Cluster'));
    return (cluster!['Properties'] as { BrokerNodeGroupInfo: Record<string, unknown> }).BrokerNodeGroupInfo;
  };

  const ports = (settings: StageSettings) =>
    Object.values(template(settings, 'Streaming').findResources('AWS::EC2::SecurityGroup')).flatMap(
      ({ Properties }) => (Properties as { SecurityGroupIngress?: unknown[] }).SecurityGroupIngress ?? [],
    );
  const rule = (CidrIp: string, FromPort: number, ToPort: number) =>
    expect.objectContaining({ CidrIp, FromPort, ToPort }) as unknown;

  test('come from connected networks to the port of SCRAM, and from nowhere without one', () => {
    expect(ports(production)).toEqual([]);
    expect(ports(reachedBy({ kind: 'private', from: ['10.20.0.0/16'] }))).toEqual([
      rule('10.20.0.0/16', 9096, 9096),
    ]);
  });

  test.each<[TenantAccess, number, number]>([
    [{ kind: 'public', opened: true, from: ['203.0.113.0/24'] }, 9196, 9196],
    [
      { kind: 'private_link', opened: true, accounts: ['123456789012'], from: ['203.0.113.0/24'] },
      14001,
      14100,
    ],
  ])('of %j reach its ports, and no port when it is closed again', (access, first, last) => {
    expect(ports(reachedBy(access))).toEqual([rule('203.0.113.0/24', first, last)]);
    expect(ports(reachedBy({ ...access, opened: false } as TenantAccess))).toEqual([]);
  });

  test('of other accounts connect by PrivateLink, once it is opened', () => {
    const link = { kind: 'private_link', accounts: ['123456789012'] } as const;
    const closed = reachedBy({ ...link, opened: false });
    expect(connectivity(closed)).not.toHaveProperty('ConnectivityInfo');
    template(closed, 'Streaming').resourceCountIs('AWS::MSK::ClusterPolicy', 0);
    const opened = reachedBy({ ...link, opened: true });
    expect(ports(opened)).toEqual([]);
    expect(connectivity(opened)['ConnectivityInfo']).toEqual({
      VpcConnectivity: { ClientAuthentication: { Sasl: { Scram: { Enabled: true } } } },
    });
    template(opened, 'Streaming').hasResourceProperties('AWS::MSK::ClusterPolicy', {
      Policy: {
        Statement: [Match.objectLike({ Action: Match.arrayWith(['kafka:CreateVpcConnection']) })],
      },
    });
  });

  test('come over the Internet once it is opened, to brokers that are in public subnets from the beginning', () => {
    const everywhere = { kind: 'public', from: ['0.0.0.0/0'] } as const;
    const before = connectivity(reachedBy({ ...everywhere, opened: false }));
    const after = connectivity(reachedBy({ ...everywhere, opened: true }));
    expect(before).not.toHaveProperty('ConnectivityInfo');
    expect(after['ConnectivityInfo']).toEqual({ PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' } });
    expect(JSON.stringify(after['ClientSubnets'])).toContain('public');
    expect(after['ClientSubnets']).toEqual(before['ClientSubnets']);
  });
});

test('tags of the settings are on what costs money', () => {
  const tagged = { ...sandbox, costTags: { 'cost-center': '4711' } };
  template(tagged, 'Data').hasResourceProperties('AWS::DynamoDB::GlobalTable', {
    Replicas: [{ Tags: Match.arrayWith([{ Key: 'cost-center', Value: '4711' }]) }],
  });
  template(tagged, 'Streaming').hasResourceProperties('AWS::MSK::Cluster', {
    Tags: Match.objectLike({ 'cost-center': '4711', stage: 'sandbox' }),
  });
});

describe('settings that cannot be right are refused, naming the field', () => {
  const brokers = (change: Partial<NewCluster['brokers']>) => ({
    cluster: { ...made, brokers: { ...made.brokers, ...change } },
  });
  const there = (change: Partial<ExistingCluster> = {}) => ({
    cluster: { ...theirCluster, ...change },
    network: theirNetwork,
  });
  const access = (tenantAccess: TenantAccess) => ({ cluster: { ...made, tenantAccess } });
  const link = (change: { accounts?: string[]; from?: string[] }) =>
    access({ kind: 'private_link', opened: false, accounts: ['123456789012'], ...change });
  const zones = (...availabilityZones: string[]) => ({
    network: { kind: 'new', cidr: '10.0.0.0/16', natGateways: 1, availabilityZones } as const,
  });
  test.each<[Partial<StageSettings>, ...string[]]>([
    [brokers({ count: 4 }), 'cluster.brokers.count: '],
    [brokers({ instanceType: 'm7g.large' }), 'cluster.brokers.instanceType: '],
    [brokers({ storageGiB: 0 }), 'cluster.brokers.storageGiB: '],
    [{ cluster: { ...made, kafkaVersion: '3.5.1' } }, 'cluster.kafkaVersion: '],
    [access({ kind: 'private', from: ['10.0.0.0'] }), 'cluster.tenantAccess.from: "10.0.0.0" is not'],
    [access({ kind: 'public', opened: false, from: [] }), 'cluster.tenantAccess.from: must name'],
    [link({ accounts: ['1'] }), 'cluster.tenantAccess.accounts: '],
    [link({ from: ['10.0.0.0'] }), 'cluster.tenantAccess.from: "10.0.0.0" is not'],
    [link({ from: [] }), 'cluster.tenantAccess.from: must name'],
    [there({ clusterArn: 'theirs' }), 'cluster.clusterArn: "theirs" is not the ARN'],
    [{ ...there(), region: 'eu-west-1' }, "cluster.clusterArn: must be in the stage's region"],
    [there({ securityGroupId: 'default' }), 'cluster.securityGroupId: '],
    [{ cluster: theirCluster }, "network.kind: must be 'existing' where the cluster is"],
    [{ region: 'frankfurt' }, 'region: "frankfurt" is not a region of AWS'],
    [{ cluster: { kind: 'none' } }, 'sources.ingest.cluster: is our own', 'streams.cluster: is our own'],
    [{ network: { kind: 'new', cidr: '8.0.0.0/16', natGateways: 1 } }, 'network.cidr: '],
    [{ network: { kind: 'new', cidr: '10.0.0.0/24', natGateways: 1 } }, 'network.cidr: '],
    [{ network: { kind: 'new', cidr: '10.0.0.0/16', natGateways: 2 } }, 'network.natGateways: '],
    [zones('eu-central-1a', 'eu-central-1b'), 'network.availabilityZones: '],
    [zones('eu-central-1a', 'eu-central-1a', 'eu-central-1b'), 'network.availabilityZones: '],
    [zones('eu-west-1a', 'eu-west-1b', 'eu-west-1c'), 'network.availabilityZones: must be three different'],
    [{ network: { ...theirNetwork, vpcId: 'mine' } }, 'network.vpcId: '],
    [{ network: { ...theirNetwork, privateSubnetIds: ['subnet-0000000a'] } }, 'network.privateSubnetIds: '],
    [{ network: theirNetwork, staticEgress: true }, 'staticEgress: '],
    [{ alarmEmail: 'nobody' }, 'alarmEmail: "nobody" is not an e-mail address'],
    [{ costTags: { 'aws:cost': 'x' } }, 'costTags.aws:cost: '],
    [{ costTags: { Stage: 'x' } }, 'costTags.Stage: is there already, or what Fanout sets itself'],
    [{ costTags: { team: 'x', Team: 'y' } }, 'costTags.Team: is there already'],
    [
      {
        network: theirNetwork,
        ...access({ kind: 'public', opened: true, from: ['0.0.0.0/0'] }),
        alarmEmail: 'nobody',
      },
      'network.publicSubnetIds: ',
      'alarmEmail: ',
    ],
  ])('%j', (change, ...problems) => {
    expect(stageProblems({ ...production, ...change })).toEqual(
      problems.map((problem) => expect.stringContaining(problem) as string),
    );
  });

  test('private connections with brokers that MSK has none for', () => {
    const cluster = {
      ...(sandbox.cluster as NewCluster),
      tenantAccess: { kind: 'private_link', opened: false, accounts: ['123456789012'] } as const,
    };
    expect(stageProblems({ ...sandbox, cluster })).toEqual([
      expect.stringContaining('cluster.tenantAccess.kind: '),
    ]);
  });
});
