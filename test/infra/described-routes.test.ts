import { expect, test } from 'vitest';
import { descriptions } from '../../lib/app/api/contract/operations.ts';
import { stageSettings, stages } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';

const { template } = stageTemplates();

interface Route {
  readonly RouteKey: string;
  readonly AuthorizationType: string;
}

test.each(Object.keys(stages))(
  'of stage %s each route is described, as open or not, and no other is',
  (stage) => {
    const routes = Object.values(
      template(stageSettings(stage), 'Api').findResources('AWS::ApiGatewayV2::Route'),
    ).map(({ Properties }) => Properties as Route);
    const described = Object.entries(descriptions).map(([route, { isOpen = false }]) => `${route} ${isOpen}`);
    expect(described.sort()).toEqual(
      routes.map(({ RouteKey, AuthorizationType }) => `${RouteKey} ${AuthorizationType === 'NONE'}`).sort(),
    );
  },
);
