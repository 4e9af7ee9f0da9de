import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import type { NewCluster } from '../../infra/cluster-settings.ts';
import { stageProblems, stageSettings, stages } from '../../infra/stages.ts';
import type { StreamSettings } from '../../infra/stream-settings.ts';
import { selfManaged } from './source-stages.ts';
import { statementsOf } from './policy-statements.ts';
import { stageTemplates } from './stage-templates.ts';

const { template } = stageTemplates();
const sandbox = stages.sandbox;
const withStreams = (streams: Partial<StreamSettings>) => ({
  ...sandbox,
  streams: { ...sandbox.streams, ...streams },
});
const other = selfManaged('scram-sha-512');

describe('on our own MSK cluster', () => {
  const streams = () => template(stageSettings('sandbox'), 'Streams');

  test('the function is in its network, and may do to topics, users and rights what it has to', () => {
    streams().hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() },
      Environment: { Variables: { STREAM_CLUSTER: Match.anyValue() } },
    });
    const actions = statementsOf(streams()).flatMap(({ actions }) => actions);
    expect(actions).toEqual(
      expect.arrayContaining([
        'kafka:BatchAssociateScramSecret',
        'kafka:CreateTopic',
        'kafka-cluster:AlterCluster',
      ]),
    );
    expect(actions.filter((action) => action.endsWith('*'))).toEqual([]);
  });

  test('MSK may take a grant on the key of secrets for it, and retire it; it may make none for others', () => {
    const conditionsOf = (action: string) =>
      statementsOf(streams())
        .filter(({ actions }) => actions.includes(action))
        .map(({ conditions }) => conditions);
    expect(conditionsOf('kms:CreateGrant')).toEqual([{ Bool: { 'kms:GrantIsForAWSResource': true } }]);
    expect(conditionsOf('kms:RetireGrant')).toEqual([undefined]);
  });

  test('it may touch the secrets of its users alone', () => {
    const ofSecrets = statementsOf(streams()).filter(({ actions }) =>
      actions.includes('secretsmanager:CreateSecret'),
    );
    expect(ofSecrets).toHaveLength(1);
    expect(JSON.stringify(ofSecrets[0]!.resources)).toContain('secret:AmazonMSK_fanout-sandbox.*');
  });
});

test('on another Kafka the function reads its operator’s secret, and nothing of MSK', () => {
  const streams = template(withStreams({ cluster: other }), 'Streams');
  const all = JSON.stringify(streams.toJSON());
  expect(all).toContain(other.credentials!.secretArn);
  expect(all).toContain('SASL_SSL');
  expect(all).not.toContain('kafka:');
  expect(all).not.toContain('kafka-cluster:');
});

test('stages leave a fifth of the partitions that MSK takes on their brokers', () => {
  // https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html: most that a cluster can be changed with
  const most: Record<string, number> = { 'kafka.t3.small': 300, 'kafka.m7g.large': 1500 };
  const replicas = 3;
  for (const { cluster, streams } of [stages.sandbox, stages.production]) {
    const { count, instanceType } = (cluster as NewCluster).brokers;
    expect(streams.mostPartitions * replicas).toBeLessThanOrEqual(0.8 * most[instanceType]! * count);
  }
});

test.each<[Partial<StreamSettings>, string]>([
  [{ mostUsers: 1001 }, 'streams.mostUsers: must be from 1 to 1000, which is all that MSK takes'],
  [{ mostUsers: 0 }, 'streams.mostUsers: '],
  [{ mostPartitions: 3 }, 'streams.mostPartitions: '],
  [{ cluster: { ...other, bootstrapServers: [] } }, 'streams.cluster.bootstrapServers: '],
  [{ cluster: { ...other, credentials: undefined } }, 'streams.cluster.credentials: '],
  [
    { cluster: stages.local.streams.cluster },
    'streams.cluster.bootstrapServers: "sasl-plaintext.kafka.localhost',
  ],
])('%j is refused, naming the field', (change, problem) => {
  expect(stageProblems(withStreams(change))).toEqual([expect.stringContaining(problem)]);
});
