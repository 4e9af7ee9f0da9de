import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { sourceDirectory } from '../../infra/settings-environment.ts';
import type { SourceCluster } from '../../infra/source-settings.ts';
import { type StageSettings, stages } from '../../infra/stages.ts';
import { secretArn, selfManaged, stageOf } from './source-stages.ts';
import { stageTemplates } from './stage-templates.ts';
import { theirCluster, theirNetwork } from './stage-variants.ts';

const { template } = stageTemplates();

const key = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d';
const network = { subnetIds: ['subnet-0aa', 'subnet-0bb'], securityGroupIds: ['sg-0cc'] };
const authority = { secretArn: secretArn('authority') };

/** The mapping of a stage's only source, and what its function may do: actions by resource. */
function synthesized(cluster: SourceCluster) {
  const ingest = template(stageOf({ only: cluster }), 'Ingest');
  const [mapping] = Object.values(ingest.findResources('AWS::Lambda::EventSourceMapping'));
  const statements = Object.values(ingest.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) =>
      (Properties as { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } })
        .PolicyDocument.Statement,
  );
  return {
    mapping: mapping!['Properties'] as Record<string, unknown>,
    resourcesOf: (action: string) =>
      statements.filter(({ Action }) => [Action].flat().includes(action)).flatMap(({ Resource }) => Resource),
    actions: new Set(statements.flatMap(({ Action }) => Action)),
  };
}

const kinds: Record<string, SourceCluster> = {
  iam: { kind: 'msk', authentication: 'iam' },
  user: { kind: 'msk', authentication: 'scram-sha-512' },
  plain: selfManaged('plain'),
  'scram-256': selfManaged('scram-sha-256'),
  'scram-512': selfManaged('scram-sha-512', { certificateAuthority: authority }),
  'in-vpc': { ...selfManaged('plain', { network }), authentication: 'none', credentials: undefined },
};

test.each(Object.entries(kinds))('a source of kind %s lets no record pass unhandled', (_, cluster) => {
  const { mapping } = synthesized(cluster);
  expect(mapping).toMatchObject({
    Topics: ['t.only'],
    StartingPosition: 'TRIM_HORIZON',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 0,
    ProvisionedPollerConfig: expect.objectContaining({ MinimumPollers: 1, MaximumPollers: 4 }) as object,
  });
  const config = `${cluster.kind === 'msk' ? 'AmazonManaged' : 'SelfManaged'}KafkaEventSourceConfig`;
  expect(mapping[config]).toEqual({ ConsumerGroupId: 'g-only' });
  expect(cluster.kind === 'msk').toBe('EventSourceArn' in mapping);
  for (const absent of [
    'FilterCriteria',
    'DestinationConfig',
    'MaximumRetryAttempts',
    'BisectBatchOnFunctionError',
  ])
    expect(mapping).not.toHaveProperty(absent);
});

describe('on our own cluster', () => {
  test('with IAM, the role may read its topic and group, and no secret of a user', () => {
    const { mapping, resourcesOf, actions } = synthesized(kinds['iam']!);
    expect(mapping).not.toHaveProperty('SourceAccessConfigurations');
    expect(JSON.stringify(resourcesOf('kafka-cluster:ReadData'))).toContain(':topic/fanout-sandbox/*/t.only');
    expect(JSON.stringify(resourcesOf('kafka-cluster:ReadData'))).toContain(':group/fanout-sandbox/*/g-only');
    expect(actions).not.toContain('kms:Decrypt');
  });

  test("with SCRAM, the deploy makes the user as MSK wants it, and only the mapping's role reads its secret", () => {
    const streaming = template(stageOf({ only: kinds['user']! }), 'Streaming');
    streaming.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'AmazonMSK_fanout-sandbox-only',
      KmsKeyId: Match.anyValue(),
      GenerateSecretString: Match.objectLike({
        SecretStringTemplate: '{"username":"fanout-sandbox-only"}',
        GenerateStringKey: 'password',
      }),
    });
    streaming.hasResourceProperties('AWS::MSK::BatchScramSecret', {
      SecretArnList: [Match.anyValue()],
    });
    streaming.resourceCountIs('AWS::MSK::Topic', 1);

    const { mapping, resourcesOf, actions } = synthesized(kinds['user']!);
    const [access] = mapping['SourceAccessConfigurations'] as { Type: string; URI: unknown }[];
    expect(access!.Type).toBe('SASL_SCRAM_512_AUTH');
    expect(resourcesOf('secretsmanager:GetSecretValue')).toContainEqual(access!.URI);
    expect(resourcesOf('kms:Decrypt')).toHaveLength(1);
    expect(resourcesOf('kafka:ListScramSecrets')).toEqual([mapping['EventSourceArn']]);
    expect(actions).not.toContain('kafka-cluster:ReadData');
  });

  test('with SCRAM, the deploy lets the user read its topic and group before the mapping is made', () => {
    const ingest = template(stageOf({ only: kinds['user']!, iam: kinds['iam']! }), 'Ingest');
    const readers = Object.entries(ingest.findResources('Custom::SourceReader'));
    const { mapping, resourcesOf } = synthesized(kinds['user']!);
    expect(readers.map(([, { Properties }]) => Properties as unknown)).toEqual([
      {
        ServiceToken: { 'Fn::GetAtt': [expect.stringMatching(/Grants/), 'Arn'] },
        ServiceTimeout: '90',
        clusterArn: mapping['EventSourceArn'],
        username: 'fanout-sandbox-only',
        topic: 't.only',
        consumerGroup: 'g-only',
      },
    ]);
    const [reader] = readers[0]!;
    const waiting = Object.values(ingest.findResources('AWS::Lambda::EventSourceMapping'))
      .filter(({ DependsOn }) => [DependsOn].flat().includes(reader))
      .map(({ Properties }) => (Properties as { Topics: string[] }).Topics);
    expect(waiting).toEqual([['t.only']]);
    expect(resourcesOf('kafka-cluster:AlterCluster')).toEqual(
      resourcesOf('kafka:GetBootstrapBrokers').slice(0, 1),
    );
    expect(synthesized(kinds['iam']!).resourcesOf('kafka-cluster:AlterCluster')).toEqual([]);
  });

  test('with SCRAM, the user is let read anew where the cluster is another', () => {
    const stage = stageOf({ only: kinds['user']! });
    const clusterOf = (settings: StageSettings) => {
      const [reader] = Object.values(template(settings, 'Ingest').findResources('Custom::SourceReader'));
      return (reader!['Properties'] as { clusterArn: unknown }).clusterArn;
    };
    const moved = { ...stage, cluster: theirCluster, network: theirNetwork };
    expect(clusterOf(moved)).toBe(theirCluster.clusterArn);
    expect(clusterOf(stage)).not.toEqual(clusterOf(moved));
  });

  test('a topic that is there already is read, and not made; the local stage, where it is not there, makes it', () => {
    const there = { kind: 'msk', authentication: 'iam', topicExists: true } as const;
    const stage = stageOf({ there, made: kinds['iam']! });
    const topics = (settings: StageSettings) =>
      Object.values(template(settings, 'Streaming').findResources('AWS::MSK::Topic')).map(
        ({ Properties }) => (Properties as { TopicName: string }).TopicName,
      );
    expect(topics(stage)).toEqual(['t.made']);
    expect(topics({ ...stages.local, sources: stage.sources })).toEqual(['t.there', 't.made']);
    expect(synthesized(there).mapping).toEqual(synthesized(kinds['iam']!).mapping);
  });

  test('without such a source, there is neither user nor secret', () => {
    const streaming = template(stageOf({ only: kinds['iam']!, other: kinds['plain']! }), 'Streaming');
    streaming.resourceCountIs('AWS::MSK::BatchScramSecret', 0);
    streaming.resourceCountIs('AWS::SecretsManager::Secret', 0);
    streaming.resourceCountIs('AWS::MSK::Topic', 1);
  });
});

describe('on a self-managed cluster', () => {
  test.each([
    ['plain', 'BASIC_AUTH'],
    ['scram-sha-256', 'SASL_SCRAM_256_AUTH'],
    ['scram-sha-512', 'SASL_SCRAM_512_AUTH'],
  ] as const)('%s is %s, with its secret, and nothing of MSK or a VPC', (authentication, type) => {
    const { mapping, resourcesOf, actions } = synthesized(selfManaged(authentication));
    const arn = secretArn(authentication);
    expect(mapping).toMatchObject({
      SelfManagedEventSource: {
        Endpoints: { KafkaBootstrapServers: ['kafka-1.example.com:9096', 'kafka-2.example.com:9096'] },
      },
      SourceAccessConfigurations: [{ Type: type, URI: arn }],
    });
    expect(resourcesOf('secretsmanager:GetSecretValue')).toContain(arn);
    expect([...actions].filter((action) => /^(kafka|kafka-cluster|ec2|kms):/.test(action))).toEqual([]);
  });

  test('a private authority, a VPC and a key of the customer are in the mapping and in the role', () => {
    const { mapping, resourcesOf } = synthesized(
      selfManaged('plain', {
        credentials: { secretArn: secretArn('user'), keyArn: key },
        certificateAuthority: authority,
        network,
      }),
    );
    expect(mapping['SourceAccessConfigurations']).toEqual([
      { Type: 'BASIC_AUTH', URI: secretArn('user') },
      { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: secretArn('authority') },
      { Type: 'VPC_SUBNET', URI: 'subnet-0aa' },
      { Type: 'VPC_SUBNET', URI: 'subnet-0bb' },
      { Type: 'VPC_SECURITY_GROUP', URI: 'sg-0cc' },
    ]);
    expect(resourcesOf('secretsmanager:GetSecretValue')).toEqual(
      expect.arrayContaining([secretArn('user'), secretArn('authority')]),
    );
    expect(resourcesOf('kms:Decrypt')).toEqual([key]);
    expect(resourcesOf('ec2:CreateNetworkInterface')).toEqual(['*']);
  });
});

test('pollers are as many as the settings say', () => {
  const stage = stageOf({ only: kinds['plain']! });
  const only = { ...stage.sources['only']!, pollers: { minimum: 2, maximum: 7 } };
  template({ ...stage, sources: { only } }, 'Ingest').hasResourceProperties(
    'AWS::Lambda::EventSourceMapping',
    {
      ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 7 },
    },
  );
});

test('the API is told of each source what it shows, and no secret or address', () => {
  const stage = stageOf({ iam: kinds['iam']!, plain: kinds['plain']! });
  const iam = { ...stage.sources['iam']!, rateLimit: 50 };
  const { SOURCES } = sourceDirectory({ ...stage, sources: { ...stage.sources, iam } });
  expect(JSON.parse(SOURCES!)).toEqual([
    {
      name: 'iam',
      number: 1,
      topic: 't.iam',
      partitions: 2,
      batchSize: 100,
      rateLimit: 50,
      cluster: 'msk/iam',
    },
    {
      name: 'plain',
      number: 2,
      topic: 't.plain',
      partitions: 2,
      batchSize: 100,
      cluster: 'self-managed/plain',
    },
  ]);
});
