import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { stageSettings } from '../../infra/stages.ts';
import { mayCall, permissionsOf } from '../e2e/role-permissions.ts';
import { statementsOf } from './policy-statements.ts';
import { stageTemplates } from './stage-templates.ts';
import { stageVariants } from './stage-variants.ts';

const { assembly, template } = stageTemplates();

test('what publishes sits in the network of our cluster, may write to topics, and may not make or remove any', () => {
  const publish = template(stageSettings('production'), 'Publish');
  publish.resourceCountIs('AWS::Lambda::Function', 2);
  publish.allResourcesProperties('AWS::Lambda::Function', {
    Timeout: 29,
    VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() },
  });
  const ofKafka = statementsOf(publish).filter(({ actions }) =>
    actions.some((each) => each.startsWith('kafka')),
  );
  expect(ofKafka).toHaveLength(2 * 3);
  expect(
    new Set(ofKafka.filter(({ effect }) => effect === 'Allow').flatMap(({ actions }) => actions)),
  ).toEqual(
    new Set([
      'kafka:GetBootstrapBrokers',
      'kafka-cluster:Connect',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:WriteData',
    ]),
  );
});

test.each(['Publish', 'Streams'])(
  '%s may touch topics with a dot in their names alone, and none that a source ingests',
  (stack) => {
    const stage = stageVariants['sources of each kind']!;
    const ofTopics = statementsOf(template(stage, stack))
      .filter(({ resources }) => JSON.stringify(resources).includes(':topic/'))
      // To list topics takes that much, of all of them.
      .filter(({ actions }) => actions.join() !== 'kafka-cluster:DescribeTopic');
    const roles = stack === 'Publish' ? 2 : 1;
    for (const [effect, names] of [
      ['Allow', ['*.*']],
      ['Deny', ['t.role', 't.there', 't.user']],
    ] as const) {
      const those = ofTopics.filter((statement) => statement.effect === effect);
      expect(those).toHaveLength(roles);
      for (const { actions, resources } of those) {
        expect(resources.map((resource) => /:topic\/fanout-sandbox\/\*\/(.+)$/.exec(resource)?.[1])).toEqual(
          names,
        );
        expect(actions).toContain(stack === 'Publish' ? 'kafka-cluster:WriteData' : 'kafka:DeleteTopic');
      }
    }
  },
);

test('what publishes deletes runs of nodes from the config table, and nothing else that is there', () => {
  template(stageSettings('production'), 'Publish').hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'dynamodb:DeleteItem',
          Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['RUN#*', 'NODE_RUN#*'] } },
        }),
      ]),
    },
  });
  const policies = JSON.stringify(
    template(stageSettings('production'), 'Publish').findResources('AWS::IAM::Policy'),
  );
  expect(policies.match(/dynamodb:DeleteItem/g)).toHaveLength(1);
});

test.each([
  ['RUN#', true],
  ['NODE_RUN#', true],
  ['ENDPOINT#', false],
])(
  'where calls are held against roles, deleting what begins with %s is allowed: %s',
  (leadingKey, isAllowed) => {
    const permissions = permissionsOf(assembly(stageSettings('production')));
    const deletion = permissions.find(
      ({ functionName, action }) => action === 'dynamodb:DeleteItem' && functionName.includes('-Publish'),
    )!;
    expect(mayCall(permissions, { ...deletion, leadingKey })).toBe(isAllowed);
  },
);

test('prices are answered by a function of their own, so that their floods delay nothing else', () => {
  const api = template(stageSettings('production'), 'Api');
  const routes = Object.values(api.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => {
    const { RouteKey, Target } = Properties as { RouteKey: string; Target: unknown };
    return [RouteKey, JSON.stringify(Target)] as const;
  });
  const targets = Map.groupBy(routes, ([, target]) => target);
  const alone = [...targets.values()].filter((those) => those.length === 1).map(([route]) => route![0]);
  expect(alone).toEqual(['POST /v1/orgs/{org}/prices']);
});
