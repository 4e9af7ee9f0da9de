import { Duration } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Dashboard, GraphWidget, type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { StageSettings } from '../stages.ts';
import type { DeliveryQueues } from './delivery-queues.ts';
import type { FanoutFunction } from './fanout-function.ts';
import { offsetLag, ownMetric, queueAge } from './stage-metrics.ts';

export interface DashboardProps {
  readonly settings: StageSettings;
  readonly queues: DeliveryQueues;
  readonly events: TableV2;
  /** All functions, by a name for people. */
  readonly deployed: ReadonlyMap<string, FanoutFunction>;
}

const period = Duration.minutes(5);

/** One page: what comes in, what goes out, what waits, what is refused, and what it costs. */
export function addDashboard(scope: Construct, { settings, queues, events, deployed }: DashboardProps): void {
  const { name: stage } = settings;
  const sources = Object.keys(settings.sources);
  const graph = (title: string, left: IMetric[], label: string, right: IMetric[] = []) =>
    new GraphWidget({ title, left, right, leftYAxis: { label, min: 0 }, width: 8, period });
  const ofSources = (name: string, statistic: string) =>
    sources.map((source) =>
      ownMetric(stage, name, statistic, { Source: source }).with({ label: `${name} ${source}` }),
    );
  const ofFunctions = (metricOf: (deployedFunction: FanoutFunction['function']) => IMetric) =>
    [...deployed.values()].map((each) => metricOf(each.function));
  const publishers = ['Publish', 'PublishPrices'].map((name) => deployed.get(name)!.function);

  new Dashboard(scope, 'Dashboard', {
    dashboardName: `fanout-${stage}`,
    widgets: [
      [
        graph(
          'Ingest lag',
          sources.map((source) => offsetLag(deployed.get(`Ingest-${source}`)!).with({ label: source })),
          'records behind',
          ofSources('IngestDelay', Stats.MAXIMUM),
        ),
        graph('Records', ofSources('Records', Stats.SUM), 'records'),
        graph('Quarantine', ofSources('Quarantined', Stats.SUM), 'records'),
      ],
      [
        graph(
          'Attempts by what came of them',
          ['Delivered', 'Retried', 'Held', 'Failed'].map((outcome) => ownMetric(stage, outcome)),
          'attempts',
        ),
        graph(
          'Age of what waits for a retry or a job',
          Object.entries(queues.byName).map(([name, queue]) => queueAge(queue).with({ label: name })),
          'seconds',
        ),
        graph(
          'Endpoints that keep failing',
          [ownMetric(stage, 'EndpointAlerts', Stats.SUM, { Percent: '100' })],
          'alerts',
        ),
      ],
      [
        graph(
          'Publish latency',
          publishers.flatMap((each) => [
            each.metricDuration({ statistic: Stats.p(50), label: `p50 ${each.node.path.split('/').at(-2)}` }),
            each.metricDuration({ statistic: Stats.p(99), label: `p99 ${each.node.path.split('/').at(-2)}` }),
          ]),
          'ms',
        ),
        graph(
          'Errors of functions',
          ofFunctions((each) => each.metricErrors()),
          'errors',
        ),
        graph(
          'Throttles of functions',
          ofFunctions((each) => each.metricThrottles()),
          'throttles',
        ),
      ],
      [
        graph(
          'Cost: function time',
          ofFunctions((each) => each.metricDuration({ statistic: Stats.SUM })),
          'ms',
        ),
        graph(
          'Cost: writes and reads of the events table',
          [events.metricConsumedWriteCapacityUnits(), events.metricConsumedReadCapacityUnits()],
          'units',
        ),
        graph(
          'Cost: messages',
          Object.values(queues.byName).map((queue) => queue.metricNumberOfMessagesSent()),
          'messages',
        ),
      ],
    ],
  });
}
