import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { keyedRoutes, openRoutes } from '../../infra/stacks/api.ts';
import { type StageSettings, stageProblems, stageSettings, stages } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';

const { template, planned } = stageTemplates();

describe.each(Object.keys(stages))('stage %s', (name) => {
  const settings = stageSettings(name);

  test('no record can pass a mapping without being handled: no filter, no destination, endless retry', () => {
    const mappings = Object.values(
      template(settings, 'Ingest').findResources('AWS::Lambda::EventSourceMapping'),
    );
    expect(mappings).toHaveLength(Object.keys(settings.sources).length);
    for (const { Properties } of mappings as { Properties: Record<string, unknown> }[]) {
      expect(Properties).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: expect.any(String) as string },
      });
      for (const absent of [
        'FilterCriteria',
        'DestinationConfig',
        'MaximumRetryAttempts',
        'MaximumRecordAgeInSeconds',
      ]) {
        expect(Properties).not.toHaveProperty(absent);
      }
    }
  });

  test('every route but the open ones is behind the authorizer', () => {
    const routes = Object.values(template(settings, 'Api').findResources('AWS::ApiGatewayV2::Route'));
    const open = routes.filter(
      ({ Properties }) => (Properties as { AuthorizationType: string }).AuthorizationType === 'NONE',
    );
    expect(routes).toHaveLength(openRoutes.length + keyedRoutes.length);
    expect(open.map(({ Properties }) => (Properties as { RouteKey: string }).RouteKey)).toEqual(openRoutes);
  });

  test('calls are bounded, those of the open routes by far, once the routes are there', () => {
    const api = template(settings, 'Api');
    const [stage] = Object.values(api.findResources('AWS::ApiGatewayV2::Stage'));
    expect(stage!['Properties']).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
      RouteSettings: Object.fromEntries(
        openRoutes.map((route) => [route, { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 }]),
      ),
    });
    expect(stage!['DependsOn']).toEqual(
      expect.arrayContaining(
        Object.entries(api.findResources('AWS::ApiGatewayV2::Route'))
          .filter(([, { Properties }]) => openRoutes.includes((Properties as { RouteKey: string }).RouteKey))
          .map(([id]) => id),
      ),
    );
  });

  test('only the local stage lets webhooks go to loopback', () => {
    template(settings, 'Ingest').hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ ALLOW_LOOPBACK_TARGETS: String(name === 'local') }) },
    });
  });
});

describe('what runs locally is what the stacks say', () => {
  const local = stageSettings('local');
  const source = local.sources['ingest']!;

  test('a batch size that is changed in the settings is what the poller gets', () => {
    const changed = { ...local, sources: { ingest: { ...source, batchSize: 7 } } };
    const mapping = (settings: StageSettings) =>
      planned(settings, 'AWS::Lambda::EventSourceMapping').find(
        ({ properties }) => 'Topics' in (properties as object),
      );
    expect(mapping(local)?.properties).toMatchObject({ BatchSize: 100 });
    expect(mapping(changed)?.properties).toMatchObject({ BatchSize: 7 });
  });

  test('a variable that is changed in the settings is what the function gets', () => {
    const ingest = planned({ ...local, inlineBudgetMs: 123 }, 'AWS::Lambda::Function').find(
      ({ properties }) => JSON.stringify(properties).includes('SOURCE_NAME'),
    );
    expect(ingest?.properties).toMatchObject({ Environment: { Variables: { INLINE_BUDGET_MS: '123' } } });
  });

  test('the routes of the stack are the routes of the API', () => {
    const routes = planned(local, 'AWS::ApiGatewayV2::Route').map(
      ({ properties }) => (properties as { RouteKey: string }).RouteKey,
    );
    expect(routes.sort()).toEqual([...openRoutes, ...keyedRoutes].sort());
  });

  test('a second source gets a function and a poller of its own', () => {
    const two = {
      ...local,
      sources: { ingest: source, audit: { ...source, number: 2, topic: 'audit', consumerGroupId: 'audit' } },
    };
    expect(planned(two, 'AWS::MSK::Topic')).toHaveLength(2);
    const pollers = planned(two, 'AWS::Lambda::EventSourceMapping').filter(
      ({ properties }) => 'Topics' in (properties as object),
    );
    expect(pollers).toHaveLength(2);
  });
});

describe('settings that cannot be right', () => {
  const local = stages.local;
  test.each([
    [{ sources: {} }, 'sources: '],
    [{ retentionDays: 366 }, 'retentionDays: '],
    [{ idempotencyWindowHours: 0 }, 'idempotencyWindowHours: '],
    [{ retentionDays: 1, heldDays: 1, idempotencyWindowHours: 25 }, 'idempotencyWindowHours: '],
    [{ heldDays: 0 }, 'heldDays: '],
    [{ heldDays: 31 }, 'heldDays: '],
    [{ apiLimit: { callsPerSecond: 0, burst: 1 } }, 'apiLimit.callsPerSecond: '],
    [{ apiLimit: { callsPerSecond: 1, burst: 5001 } }, 'apiLimit.burst: '],
    [{ publishConcurrency: 0 }, 'publishConcurrency: '],
    [{ allowedConsecutiveFailures: 9 }, 'allowedConsecutiveFailures: '],
    [{ allowedConsecutiveFailures: 10.5 }, 'allowedConsecutiveFailures: '],
    [{ allowedConsecutiveFailures: 10_001 }, 'allowedConsecutiveFailures: '],
    [{ disableFailingAfterMinutes: -1 }, 'disableFailingAfterMinutes: '],
    [{ disableFailingAfterMinutes: 10_081 }, 'disableFailingAfterMinutes: '],
    [
      { name: 'production', streams: stages.production.streams, kafkaCertificateAuthorities: [] },
      'allowLoopbackTargets: ',
    ],
  ] as [Partial<StageSettings>, string][])('%j are refused, naming the field', (change, problem) => {
    expect(stageProblems({ ...local, ...change })).toEqual([expect.stringContaining(problem)]);
  });

  // Node runs the settings whatever their types.
  test.each<[object, string]>([
    [{ alarmMail: 'a@example.com' }, 'alarmMail: there is no such setting'],
    [{ retentionDays: undefined }, 'retentionDays: is missing'],
    [{ retentionDays: '30' }, 'retentionDays: must be a number'],
    [{ webhookPorts: 443 }, "webhookPorts: must be a list of numbers or 'any'"],
    [{ network: { kind: 'exsiting' } }, "network.kind: must be 'new' or 'existing'"],
    [{ cluster: {} }, "cluster.kind: must be 'new' or 'existing' or 'none'"],
    [{ apiLimit: { callsPerSecond: 10 } }, 'apiLimit.burst: is missing'],
    [{ sources: { ingest: 'orders' } }, 'sources.ingest: must be an object'],
    [
      { streams: { ...local.streams, cluster: { ...local.streams.cluster, authentication: 'scram' } } },
      "streams.cluster.authentication: must be 'plain' or 'scram-sha-256' or 'scram-sha-512' or 'none'",
    ],
    [{ costTags: { team: 7 } }, 'costTags.team: must be a text'],
  ])('%j are refused, naming what is misspelt, missing or of another kind', (change, problem) => {
    expect(stageProblems({ ...local, ...change })).toEqual([problem]);
  });

  test('a stage that is not there is refused with the ones that are', () => {
    const run = spawnSync(process.execPath, ['infra/app.ts'], {
      cwd: resolve(import.meta.dirname, '../..'),
      env: { ...process.env, CDK_CONTEXT_JSON: '{"stage":"staging"}' },
      encoding: 'utf8',
    });
    expect(run.stderr).toBe(
      "There is no stage 'staging'. Choose one with -c stage=<local|sandbox|production>.\n",
    );
    expect(run.status).toBe(1);
  });
});
