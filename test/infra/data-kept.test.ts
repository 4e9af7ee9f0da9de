import { isDeepStrictEqual } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { stageSettings } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';

const { stacks } = stageTemplates();

/** Types of which a resource that is deleted takes along what nobody can make again. */
const holdData = [
  'AWS::DynamoDB::GlobalTable',
  'AWS::EC2::EIP',
  'AWS::KMS::Key',
  'AWS::MSK::Cluster',
  'AWS::MSK::Configuration',
  'AWS::MSK::Topic',
  'AWS::SecretsManager::Secret',
];

/** Types that the cluster hangs on: where one of them is another, CloudFormation makes another cluster, which is empty. */
const underCluster = ['AWS::EC2::SecurityGroup', 'AWS::EC2::Subnet', 'AWS::EC2::VPC'];

/**
 * Types that CloudFormation makes anew as they were. What is in queues is due in the events table too, and comes again;
 * log groups hold a month of logs. A type that is in neither list fails: decide where it belongs.
 */
const makeAnew =
  /^AWS::(ApiGatewayV2|CloudWatch|IAM|Lambda|Logs|SNS|SQS|Scheduler)::|^AWS::EC2::(FlowLog|InternetGateway|NatGateway|Route|RouteTable|SecurityGroupIngress|SubnetRouteTableAssociation|VPCEndpoint|VPCGatewayAttachment)$/;

/**
 * The logical ids that stages were deployed with. A resource whose id changes is another to CloudFormation: it makes an empty
 * one, and functions go over to it. Never change a line; a new resource has a new one.
 */
const pinned = {
  'Data/Config57D1D894': 'AWS::DynamoDB::GlobalTable',
  'Data/EventsD32975C2': 'AWS::DynamoDB::GlobalTable',
  'Data/OperatorKeyD7C0C4F2': 'AWS::SecretsManager::Secret',
  'Data/EventIdKey5B2F043F': 'AWS::SecretsManager::Secret',
  'Data/SealKey94782D95': 'AWS::SecretsManager::Secret',
  'Network/Address1': 'AWS::EC2::EIP',
  'Network/Vpc8378EB38': 'AWS::EC2::VPC',
  'Network/VpcpublicSubnet1Subnet2BB74ED7': 'AWS::EC2::Subnet',
  'Network/VpcpublicSubnet2SubnetE34B022A': 'AWS::EC2::Subnet',
  'Network/VpcpublicSubnet3SubnetDFEF064A': 'AWS::EC2::Subnet',
  'Network/VpcprivateSubnet1SubnetCEAD3716': 'AWS::EC2::Subnet',
  'Network/VpcprivateSubnet2Subnet2DE7549C': 'AWS::EC2::Subnet',
  'Network/VpcprivateSubnet3SubnetA5AC68D9': 'AWS::EC2::Subnet',
  'Streaming/KafkaBrokerAccess9007898C': 'AWS::EC2::SecurityGroup',
  'Streaming/KafkaKey6F570603': 'AWS::KMS::Key',
  'Streaming/KafkaConfiguration2E1CE142': 'AWS::MSK::Configuration',
  'Streaming/KafkaCluster21A1BE89': 'AWS::MSK::Cluster',
  'Streaming/Topicingest': 'AWS::MSK::Topic',
  'Streaming/UserKeyB4A90FBE': 'AWS::KMS::Key',
};

// One rule more or less, and CloudFormation generates another value.
const rules = { ExcludePunctuation: true, PasswordLength: 43 };
const generated = {
  GenerateSecretString: expect.toSatisfy((made) => isDeepStrictEqual(made, rules)) as unknown,
};
const keyed = (partition: string, sort: string) => ({
  KeySchema: [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ],
});
const index = (IndexName: string, partition: string, sort: string) => ({
  IndexName,
  ...keyed(partition, sort),
});
const subnet = (CidrBlock: string, zone: number) => ({
  CidrBlock,
  AvailabilityZone: { 'Fn::Select': [zone, { 'Fn::GetAZs': '' }] },
});

/**
 * What these resources were deployed with, of which a change makes others of them, or (secrets) puts another value into those
 * that are there, under the same id. Never change a line.
 */
const pinnedProperties = (stage: string) => ({
  'Data/Config57D1D894': {
    ...keyed('pk', 'sk'),
    GlobalSecondaryIndexes: [index('by_kind', 'kind', 'pk'), index('by_org', 'org_kind', 'pk')],
  },
  'Data/EventsD32975C2': {
    ...keyed('pk', 'sk'),
    GlobalSecondaryIndexes: [
      index('listing', 'listing', 'listed_at'),
      index('overview', 'overview', 'listed_at'),
    ],
  },
  'Data/OperatorKeyD7C0C4F2': generated,
  'Data/EventIdKey5B2F043F': generated,
  'Data/SealKey94782D95': generated,
  'Network/Vpc8378EB38': { CidrBlock: '10.0.0.0/16' },
  'Network/VpcpublicSubnet1Subnet2BB74ED7': subnet('10.0.0.0/26', 0),
  'Network/VpcpublicSubnet2SubnetE34B022A': subnet('10.0.0.64/26', 1),
  'Network/VpcpublicSubnet3SubnetDFEF064A': subnet('10.0.0.128/26', 2),
  'Network/VpcprivateSubnet1SubnetCEAD3716': subnet('10.0.4.0/22', 0),
  'Network/VpcprivateSubnet2Subnet2DE7549C': subnet('10.0.8.0/22', 1),
  'Network/VpcprivateSubnet3SubnetA5AC68D9': subnet('10.0.12.0/22', 2),
  'Streaming/KafkaBrokerAccess9007898C': {
    GroupDescription: 'Brokers, and the event source mappings and functions that reach them',
  },
  'Streaming/KafkaConfiguration2E1CE142': { Name: `fanout-${stage}` },
  'Streaming/KafkaCluster21A1BE89': { ClusterName: `fanout-${stage}` },
  'Streaming/Topicingest': { TopicName: 'fanout.ingest' },
});

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties?: unknown;
}

/** The resources of a stage, by `<stack>/<logical id>`. */
const resourcesOf = (name: string) =>
  stacks(stageSettings(name)).flatMap((stack) =>
    Object.entries(
      (Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> }).Resources,
    ).map(([id, resource]) => [`${stack.node.id}/${id}`, resource] as const),
  );

describe.each(['sandbox', 'production'])('stage %s', (name) => {
  test('each type is known to hold data, or to be made anew', () => {
    const unknown = resourcesOf(name).filter(
      ([, { Type }]) => ![...holdData, ...underCluster].includes(Type) && !makeAnew.test(Type),
    );
    expect(unknown.map(([, { Type }]) => Type)).toEqual([]);
  });

  test('what holds data, and what the cluster hangs on, has the id that it was deployed with', () => {
    const ids = Object.fromEntries(
      resourcesOf(name)
        .filter(([, { Type }]) => [...holdData, ...underCluster].includes(Type))
        .map(([id, { Type }]) => [id, Type]),
    );
    const inEachZone = {
      'Network/Address2': 'AWS::EC2::EIP',
      'Network/Address3': 'AWS::EC2::EIP',
    };
    expect(ids).toEqual({ ...pinned, ...(name === 'production' && inEachZone) });
  });

  test('it has what it must not lose in place', () => {
    const properties = new Map<string, unknown>(
      resourcesOf(name).map(([id, { Properties }]) => [id, Properties]),
    );
    for (const [id, kept] of Object.entries(pinnedProperties(name)))
      expect(properties.get(id), id).toMatchObject(kept);
  });

  test('it stays when its stack is deleted, or when it would be replaced; new ones go with a deploy that fails', () => {
    const kept = [...holdData, 'AWS::EC2::SecurityGroup'];
    for (const [id, resource] of resourcesOf(name).filter(([, { Type }]) => kept.includes(Type)))
      expect(resource, id).toMatchObject({
        // A table could not go: it is protected. Its name is generated, and in nobody's way.
        DeletionPolicy: resource.Type === 'AWS::DynamoDB::GlobalTable' ? 'Retain' : 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
  });

  test('tables cannot be deleted by anyone, and any moment of the last 35 days can be restored', () => {
    const tables = resourcesOf(name).filter(([, { Type }]) => Type === 'AWS::DynamoDB::GlobalTable');
    expect(tables).toHaveLength(2);
    for (const [, { Properties }] of tables) {
      expect(Properties).toMatchObject({
        Replicas: [
          {
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      });
    }
  });

  test('stacks that hold data are protected, in production all', () => {
    const free = stacks(stageSettings(name)).filter(({ terminationProtection }) => !terminationProtection);
    const holding = new Set(Object.keys(pinned).map((id) => id.split('/')[0]));
    expect(free.map(({ node }) => node.id).filter((id) => holding.has(id))).toEqual([]);
    if (name === 'production') expect(free).toEqual([]);
  });
});

test('the API keeps its address', () => {
  expect(resourcesOf('production').map(([id]) => id)).toContain('Api/HttpApiF5A9A8A7');
});
