import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
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
