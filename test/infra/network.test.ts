import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { type StageSettings, stageProblems, stages } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';
import { stageVariants, theirCluster, theirNetwork } from './stage-variants.ts';

const { template, stackNames } = stageTemplates();
const { production, sandbox } = stages;

const existing: StageSettings = { ...production, network: theirNetwork, cluster: theirCluster };
const egress: StageSettings = { ...sandbox, staticEgress: true };
const elsewhere = stageVariants['all on other clusters']!;

/** The functions of a stage that are in a network, by the ids in their templates. */
const inNetwork = (settings: StageSettings) =>
  stackNames(settings).flatMap((stack) =>
    Object.entries(template(settings, stack).findResources('AWS::Lambda::Function'))
      .filter(([, { Properties }]) => 'VpcConfig' in (Properties as object))
      .map(([id]) => id.replace(/Function[0-9A-F]{8}$/, '')),
  );

describe('a network that the deploy makes', () => {
  test('leads to DynamoDB without a NAT gateway, from every private subnet', () => {
    const network = template(production, 'Network');
    network.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, '.dynamodb']] },
    });
    const [endpoint] = Object.values(network.findResources('AWS::EC2::VPCEndpoint'));
    const tables = (endpoint!['Properties'] as { RouteTableIds: unknown[] }).RouteTableIds;
    const ofPrivate = Object.keys(network.findResources('AWS::EC2::RouteTable')).filter((id) =>
      id.includes('private'),
    );
    expect(ofPrivate).toHaveLength(3);
    expect(tables).toEqual(expect.arrayContaining(ofPrivate.map((Ref) => ({ Ref }))));
  });

  test('has a NAT gateway in each zone in production, one in the sandbox, each with an address that is kept', () => {
    for (const [stage, gateways] of [[production, 3] as const, [sandbox, 1] as const]) {
      const network = template(stage, 'Network');
      network.resourceCountIs('AWS::EC2::NatGateway', gateways);
      network.allResources('AWS::EC2::EIP', {
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
      network.resourceCountIs('AWS::EC2::EIP', gateways);
    }
  });

  test('is in the zones that the settings name', () => {
    const availabilityZones = ['eu-central-1c', 'eu-central-1a', 'eu-central-1b'];
    const named: StageSettings = {
      ...sandbox,
      network: { kind: 'new', cidr: '10.0.0.0/16', natGateways: 1, availabilityZones },
    };
    expect(stageProblems(named)).toEqual([]);
    const subnets = Object.values(template(named, 'Network').findResources('AWS::EC2::Subnet'));
    expect(
      subnets.map(({ Properties }) => (Properties as { AvailabilityZone: string }).AvailabilityZone),
    ).toEqual([...availabilityZones, ...availabilityZones]);
  });

  test('only what reaches the brokers is in it', () => {
    expect(inNetwork(production).sort()).toEqual(['Provision', 'Publish', 'PublishPrices']);
  });

  test('with static egress whatever sends to endpoints is in it too, and cannot reach the brokers', () => {
    expect(inNetwork(egress).sort()).toEqual([
      'Deliver',
      'DeliverSlow',
      'FanOut',
      'Handle',
      'Ingestingest',
      'Provision',
      'Publish',
      'PublishPrices',
    ]);
    const [group] = Object.values(template(egress, 'Network').findResources('AWS::EC2::SecurityGroup'));
    expect(group!['Properties']).not.toHaveProperty('SecurityGroupIngress');
    const brokers = JSON.stringify(
      template(egress, 'Streaming').findResources('AWS::EC2::SecurityGroupIngress'),
    );
    expect(brokers).not.toContain('Egress');
  });
});

describe('what is there already is used', () => {
  test('nothing of a network is made but the endpoint for DynamoDB, in the tables that lack one', () => {
    const network = template(existing, 'Network');
    expect(Object.keys((network.toJSON() as { Resources: object }).Resources)).toHaveLength(1);
    network.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      RouteTableIds: ['rtb-0000000a', 'rtb-0000000b'],
    });
  });

  test('no cluster is made, topics go onto the one that is there, and functions come as its members', () => {
    const streaming = template(existing, 'Streaming');
    streaming.resourceCountIs('AWS::MSK::Cluster', 0);
    streaming.hasResourceProperties('AWS::MSK::Topic', {
      ClusterArn: Match.stringLikeRegexp(':cluster/theirs/'),
    });
    template(existing, 'Publish').allResourcesProperties('AWS::Lambda::Function', {
      VpcConfig: {
        SecurityGroupIds: ['sg-0000000a'],
        SubnetIds: ['subnet-0000000a', 'subnet-0000000b', 'subnet-0000000c'],
      },
    });
    expect(JSON.stringify(template(existing, 'Publish').findResources('AWS::IAM::Policy'))).toContain(
      ':topic/theirs/*/*.*',
    );
  });

  test('a stage whose sources and streams are elsewhere has neither network nor cluster', () => {
    expect(stageProblems(elsewhere)).toEqual([]);
    expect(stackNames(elsewhere)).not.toContain('Network');
    expect(stackNames(elsewhere)).not.toContain('Streaming');
  });
});
