import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { stageSettings } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';

const { template } = stageTemplates();

test('what publishes sits in the network of our cluster, may write to topics, and may not make or remove any', () => {
  const publish = template(stageSettings('production'), 'Publish');
  publish.resourceCountIs('AWS::Lambda::Function', 2);
  publish.allResourcesProperties('AWS::Lambda::Function', {
    Timeout: 29,
    VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() },
  });
  const policies = JSON.stringify(publish.findResources('AWS::IAM::Policy'));
  expect(policies.match(/kafka-cluster:\w+/g)?.toSorted()).toEqual(
    ['Connect', 'DescribeTopic', 'WriteData'].flatMap(
      (action) => Array(2).fill(`kafka-cluster:${action}`) as string[],
    ),
  );
});

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
