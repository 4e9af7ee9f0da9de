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

/**
 * Types that CloudFormation makes anew as they were. What is in queues is due in the events table too, and comes again;
 * log groups hold a month of logs. A type that is in neither list fails: decide where it belongs.
 */
const makeAnew =
  /^AWS::(ApiGatewayV2|CloudWatch|IAM|Lambda|Logs|SNS|SQS|Scheduler)::|^AWS::EC2::(FlowLog|InternetGateway|NatGateway|Route|RouteTable|SecurityGroup|SecurityGroupIngress|Subnet|SubnetRouteTableAssociation|VPC|VPCEndpoint|VPCGatewayAttachment)$/;

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
  'Streaming/KafkaKey6F570603': 'AWS::KMS::Key',
  'Streaming/KafkaConfiguration2E1CE142': 'AWS::MSK::Configuration',
  'Streaming/KafkaCluster21A1BE89': 'AWS::MSK::Cluster',
  'Streaming/Topicingest': 'AWS::MSK::Topic',
  'Streaming/UserKeyB4A90FBE': 'AWS::KMS::Key',
};

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
      ([, { Type }]) => !holdData.includes(Type) && !makeAnew.test(Type),
    );
    expect(unknown.map(([, { Type }]) => Type)).toEqual([]);
  });

  test('what holds data has the id that it was deployed with', () => {
    const ids = Object.fromEntries(
      resourcesOf(name)
        .filter(([, { Type }]) => holdData.includes(Type))
        .map(([id, { Type }]) => [id, Type]),
    );
    const inEachZone = {
      'Network/Address2': 'AWS::EC2::EIP',
      'Network/Address3': 'AWS::EC2::EIP',
    };
    expect(ids).toEqual({ ...pinned, ...(name === 'production' && inEachZone) });
  });

  test('it stays when its stack is deleted, or when it would be replaced', () => {
    for (const [id, resource] of resourcesOf(name).filter(([, { Type }]) => holdData.includes(Type)))
      expect(resource, id).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
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
