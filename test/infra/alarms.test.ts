import { readFileSync, globSync } from 'node:fs';
import { resolve } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { type StageSettings, stageSettings } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';
import { stageVariants, theirCluster, theirNetwork } from './stage-variants.ts';

const { template } = stageTemplates();
const production = stageSettings('production');
const root = resolve(import.meta.dirname, '../..');

interface NamedMetric {
  readonly Namespace: string;
  readonly MetricName: string;
}
interface Alarm extends Partial<NamedMetric> {
  readonly AlarmDescription: string;
  /** Of an expression of several. */
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: NamedMetric } }[];
  readonly AlarmActions: readonly unknown[];
  readonly Dimensions?: readonly { readonly Name: string }[];
}
const alarmsOf = (settings: StageSettings) =>
  Object.values(template(settings, 'Watch').findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties as Alarm,
  );

/** The metrics of an alarm as `<namespace> <name>`. */
const metricsOf = ({ Namespace, MetricName, Metrics = [] }: Alarm) =>
  [{ Namespace, MetricName }, ...Metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))]
    .filter((metric) => metric.MetricName !== undefined)
    .map((metric) => `${metric.Namespace!.replace('/production', '')} ${metric.MetricName!}`);
const elsewhere = { ...stageVariants['sources of each kind']!, name: 'production' } as const;

/** The sections of the runbook by their links. */
const runbook = new Map(
  readFileSync(resolve(root, 'infra/docs/runbook.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title] = section.split('\n');
      return [title!.toLowerCase().replaceAll(' ', '-'), section] as const;
    }),
);
const sectionOf = ({ AlarmDescription }: Alarm) =>
  /infra\/docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1];

test('each alarm names its section of the runbook, and each section has an alarm', () => {
  expect(new Set(alarmsOf(production).map(sectionOf))).toEqual(new Set(runbook.keys()));
});

test.each([...runbook])('section %s says what it means, what to look at, what to do', (_, section) => {
  for (const part of ['Means', 'Look at', 'Do']) expect(section).toContain(`\n- **${part}:** `);
});

test('each section is about the metric of its alarms', () => {
  for (const alarm of [...alarmsOf(production), ...alarmsOf(elsewhere)]) {
    const [line = ''] = /^Metric: .*$/m.exec(runbook.get(sectionOf(alarm)!)!) ?? [];
    expect(metricsOf(alarm)).not.toEqual([]);
    for (const metric of metricsOf(alarm)) expect(line, alarm.AlarmDescription).toContain(`\`${metric}\``);
  }
});

describe('a source that nobody reads has an alarm', () => {
  const of = (source: string) =>
    alarmsOf(elsewhere).find(
      (alarm) => sectionOf(alarm) === 'ingest-stopped' && alarm.AlarmDescription.includes(`ource ${source} `),
    );

  test.each(['role', 'user'])('on our own cluster by what the brokers tell: %s', (source) => {
    expect(of(source)).toMatchObject({
      EvaluationPeriods: 15,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Metrics: [
        { Expression: '(lag > 0) * (FILL(calls, 0) < 1)', ReturnData: true },
        {
          Id: 'lag',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Kafka',
              MetricName: 'SumOffsetLag',
              Dimensions: [
                { Name: 'Cluster Name', Value: 'fanout-production' },
                { Name: 'Consumer Group', Value: `g-${source}` },
                { Name: 'Topic', Value: `t.${source}` },
              ],
            },
            Period: 60,
          },
        },
        { Id: 'calls', MetricStat: { Metric: { MetricName: 'Invocations' }, Period: 60, Stat: 'Sum' } },
      ],
    });
  });

  test('on another by the silence of its pollers', () => {
    expect(of('plain')).toMatchObject({
      MetricName: 'OffsetLag',
      EvaluationPeriods: 15,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 0,
      TreatMissingData: 'breaching',
    });
  });

  test('on a cluster that was there, under its name', () => {
    const existing = alarmsOf({ ...elsewhere, network: theirNetwork, cluster: theirCluster });
    expect(JSON.stringify(existing)).toContain('"Name":"Cluster Name","Value":"theirs"');
  });
});

test('each metric of our own, in alarms and on the dashboard, is one that the code writes', () => {
  const files = ['lib/adapters', 'functions'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: root }),
  );
  const code = files
    .map((file) => readFileSync(resolve(root, file), 'utf8'))
    .filter((text) => text.includes('metrics('));
  const written = new Set(code.flatMap((text) => text.match(/\b[A-Z]\w+(?=:)|(?<=: ')[A-Z]\w+(?=')/g) ?? []));
  const dashboard = JSON.stringify(template(production, 'Watch').findResources('AWS::CloudWatch::Dashboard'));
  const shown = [...dashboard.matchAll(/Fanout\/production\\+",\\+"(\w+)/g)].map(([, name]) => name);
  expect(shown).toEqual(expect.arrayContaining(['Delivered', 'Quarantined', 'IngestDelay']));
  const own = alarmsOf(production).filter(({ Namespace }) => Namespace === 'Fanout/production');
  for (const name of [...shown, ...own.map(({ MetricName }) => MetricName)]) expect(written).toContain(name);
});

test('functions write to the namespace that alarms read', () => {
  template(production, 'Ingest').allResourcesProperties('AWS::Lambda::Function', {
    Environment: { Variables: { METRICS_NAMESPACE: 'Fanout/production' } },
  });
});

test('an address in the settings hears of each alarm, and nobody does without one', () => {
  template(production, 'Watch').resourceCountIs('AWS::SNS::Subscription', 0);
  const told = { ...production, alarmEmail: 'oncall@example.com' };
  template(told, 'Watch').hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'oncall@example.com',
  });
  for (const { AlarmActions } of alarmsOf(told)) expect(AlarmActions).toHaveLength(1);
});

test('alarms may tell the topic, from its own account, and nobody without TLS', () => {
  const watch = template(production, 'Watch');
  const [topic] = Object.keys(watch.findResources('AWS::SNS::Topic'));
  watch.hasResourceProperties('AWS::SNS::TopicPolicy', {
    Topics: [{ Ref: topic }],
    PolicyDocument: {
      Statement: [
        Match.objectLike({
          Effect: 'Deny',
          Principal: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
        {
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: { Ref: topic },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
  });
});

test('no metric of our own has dimensions without end', () => {
  const own = alarmsOf(production).filter(({ Namespace }) => Namespace === 'Fanout/production');
  for (const { Dimensions = [] } of own)
    expect(['Source', 'FunctionName', 'Percent']).toEqual(
      expect.arrayContaining(Dimensions.map(({ Name }) => Name)),
    );
});
