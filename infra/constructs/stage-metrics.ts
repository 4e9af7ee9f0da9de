import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { SourceSettings } from '../source-settings.ts';
import { type FanoutFunction, metricsNamespace } from './fanout-function.ts';

const period = Duration.minutes(1);

/** The metrics that functions write themselves, by lib/adapters/log.ts. */
export function ownMetric(
  stage: string,
  metricName: string,
  statistic: string = Stats.SUM,
  dimensionsMap: Record<string, string> = {},
): Metric {
  return new Metric({ namespace: metricsNamespace(stage), metricName, statistic, dimensionsMap, period });
}

/** Records that a source's group is behind its topic. */
export function offsetLag({ function: { functionName } }: FanoutFunction): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'OffsetLag',
    dimensionsMap: { FunctionName: functionName },
    statistic: Stats.MAXIMUM,
    period,
  });
}

/**
 * 1 while records wait on our own cluster and the source's function is not called, else 0. The brokers tell the lag, also when
 * nobody reads; only of groups that have committed once, and whose name has no colon.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/consumer-lag.html
 */
export function unread(
  clusterName: string,
  { topic, consumerGroupId }: SourceSettings,
  ingest: FanoutFunction,
): MathExpression {
  const lag = clusterMetric(clusterName, 'SumOffsetLag').with({
    dimensionsMap: { 'Cluster Name': clusterName, 'Consumer Group': consumerGroupId, Topic: topic },
  });
  return new MathExpression({
    expression: '(lag > 0) * (FILL(calls, 0) < 1)',
    usingMetrics: { lag, calls: ingest.function.metricInvocations({ statistic: Stats.SUM, period }) },
    label: 'records wait and nobody reads them',
    period,
  });
}

/** Seconds that the oldest message of a queue has been waiting. */
export function queueAge(queue: Queue): Metric {
  return queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period });
}

/** A metric of our own MSK cluster. */
export function clusterMetric(clusterName: string, metricName: string): Metric {
  return new Metric({
    namespace: 'AWS/Kafka',
    metricName,
    dimensionsMap: { 'Cluster Name': clusterName },
    statistic: Stats.MAXIMUM,
    period,
  });
}

/** The same of one of its brokers, counted from 1. */
export function brokerMetric(clusterName: string, broker: number, metricName: string): Metric {
  return clusterMetric(clusterName, metricName).with({
    dimensionsMap: { 'Cluster Name': clusterName, 'Broker ID': String(broker) },
  });
}
