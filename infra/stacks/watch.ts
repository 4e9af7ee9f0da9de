import { Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { Alarms } from '../constructs/alarms.ts';
import { addDashboard } from '../constructs/dashboard.ts';
import type { FanoutFunction } from '../constructs/fanout-function.ts';
import type { DeliveryQueues } from '../constructs/delivery-queues.ts';
import {
  brokerMetric,
  clusterMetric,
  offsetLag,
  ownMetric,
  queueAge,
  unread,
} from '../constructs/stage-metrics.ts';
import type { FanoutStackProps } from './fanout-stack.ts';

export interface WatchStackProps extends FanoutStackProps {
  readonly queues: DeliveryQueues;
  readonly events: TableV2;
  /** The name of our own cluster, if there is one. */
  readonly clusterName: string | undefined;
  /** All functions, by a name for people. */
  readonly deployed: ReadonlyMap<string, FanoutFunction>;
}

/** What an operator watches: alarms, each with its section in the runbook, and a dashboard. */
export class WatchStack extends Stack {
  readonly #alarms: Alarms;

  constructor(scope: Construct, id: string, props: WatchStackProps) {
    super(scope, id, props);
    const { settings } = props;
    this.#alarms = new Alarms(this, 'Alarms', settings.name, settings.alarmEmail);
    this.#watchIngest(props);
    this.#watchQueues(props.queues);
    this.#watchFunctions(props);
    this.#watchPublishing(props);
    this.#watchCluster(props);
    addDashboard(this, props);
  }

  #watchIngest({ settings: { name: stage, sources }, clusterName, deployed }: WatchStackProps): void {
    for (const [source, settings] of Object.entries(sources)) {
      const ingest = deployed.get(`Ingest-${source}`)!;
      // What the pollers and the function tell ends with them: each source also has an alarm for that.
      if (settings.cluster.kind === 'msk')
        this.#alarms.add(`IngestStopped-${source}`, {
          metric: unread(clusterName!, settings, ingest),
          threshold: 1,
          minutes: 15,
          means: `Records of source ${source} wait in its topic, and none has been read for 15 minutes`,
          runbook: 'ingest-stopped',
        });
      else
        this.#alarms.add(`IngestStopped-${source}`, {
          metric: offsetLag(ingest),
          // No lag is less: nothing at all is what is wrong.
          threshold: 0,
          minutes: 15,
          isTooLittle: true,
          means: `Nobody has told for 15 minutes how far source ${source} is behind its topic: its pollers do not run`,
          runbook: 'ingest-stopped',
        });
      this.#alarms.add(`IngestLag-${source}`, {
        metric: offsetLag(ingest),
        threshold: 10_000,
        minutes: 10,
        means: `Source ${source} is 10,000 records behind its topic, and has been for 10 minutes`,
        runbook: 'ingest-lag',
      });
      this.#alarms.add(`IngestDelay-${source}`, {
        metric: ownMetric(stage, 'IngestDelay', Stats.MAXIMUM, { Source: source }),
        threshold: 300_000,
        minutes: 10,
        means: `Records of source ${source} are 5 minutes old when they are read, and have been for 10 minutes`,
        runbook: 'ingest-delay',
      });
      this.#alarms.add(`Quarantined-${source}`, {
        metric: ownMetric(stage, 'Quarantined', Stats.SUM, { Source: source }),
        threshold: 10,
        minutes: 5,
        means: `10 records a minute and more of source ${source} are quarantined, for 5 minutes`,
        runbook: 'quarantine',
      });
    }
  }

  #watchQueues(queues: DeliveryQueues): void {
    for (const [name, queue] of Object.entries(queues.byName)) {
      this.#alarms.add(`${name}Age`, {
        metric: queueAge(queue),
        threshold: 900,
        minutes: 5,
        means: `The oldest message in the queue ${name} has been waiting for 15 minutes`,
        runbook: 'queue-age',
      });
      this.#alarms.add(`${name}PutAside`, {
        metric: queue.deadLetterQueue!.queue.metricApproximateNumberOfMessagesVisible({
          statistic: Stats.MAXIMUM,
        }),
        threshold: 1,
        minutes: 1,
        means: `A message of the queue ${name} has been put aside after many tries`,
        runbook: 'messages-put-aside',
      });
    }
  }

  #watchFunctions({ deployed }: WatchStackProps): void {
    for (const [name, { function: deployedFunction }] of deployed) {
      this.#alarms.add(`${name}Errors`, {
        metric: deployedFunction.metricErrors(),
        threshold: 1,
        minutes: 5,
        means: `The function ${name} has failed each minute for 5 minutes`,
        runbook: 'function-errors',
      });
      this.#alarms.add(`${name}Throttles`, {
        metric: deployedFunction.metricThrottles(),
        threshold: 1,
        minutes: 5,
        means: `The function ${name} was refused an environment each minute for 5 minutes`,
        runbook: 'function-throttles',
      });
    }
    this.#alarms.add('SweepMissing', {
      metric: deployed.get('Sweep')!.function.metricInvocations({ statistic: Stats.SUM }),
      threshold: 1,
      minutes: 5,
      isTooLittle: true,
      means: 'Nobody has looked for deliveries that are due for 5 minutes',
      runbook: 'sweep-missing',
    });
  }

  #watchPublishing({ settings: { name: stage }, deployed }: WatchStackProps): void {
    for (const name of ['Publish', 'PublishPrices', 'Handle']) {
      const FunctionName = deployed.get(name)!.function.functionName;
      this.#alarms.add(`${name}ServerErrors`, {
        metric: ownMetric(stage, 'ServerErrors', Stats.SUM, { FunctionName }),
        threshold: 1,
        minutes: 3,
        means: `Calls that the function ${name} answers have ended with 5xx each minute for 3 minutes`,
        runbook: 'server-errors',
      });
    }
    this.#alarms.add('ProvisioningFailures', {
      metric: ownMetric(stage, 'ProvisioningFailures'),
      threshold: 1,
      minutes: 15,
      means: 'Streams of orgs could not be provisioned each minute for 15 minutes',
      runbook: 'provisioning-failures',
    });
    // A stream that is refused is not tried again by itself: once is enough.
    this.#alarms.add('ClusterShortages', {
      metric: ownMetric(stage, 'ClusterShortages', Stats.SUM),
      threshold: 1,
      minutes: 1,
      means: 'The cluster of streams has no room: the stream or the mapped topics of an org were not made',
      runbook: 'cluster-shortages',
    });
  }

  #watchCluster({ settings: { name: stage, cluster } }: WatchStackProps): void {
    if (cluster.kind !== 'new') return;
    const clusterName = `fanout-${stage}`;
    this.#alarms.add('OfflinePartitions', {
      metric: clusterMetric(clusterName, 'OfflinePartitionsCount'),
      threshold: 1,
      minutes: 3,
      means: 'Partitions of the Kafka cluster have no leader: nobody reads or writes them',
      runbook: 'offline-partitions',
    });
    for (let broker = 1; broker <= cluster.brokers.count; broker++) {
      this.#alarms.add(`Broker${broker}Disk`, {
        metric: brokerMetric(clusterName, broker, 'KafkaDataLogsDiskUsed'),
        threshold: 80,
        minutes: 10,
        means: `The disk of broker ${broker} is 80 % full`,
        runbook: 'broker-disk',
      });
      // The leaders tell it, not the broker that is gone. A restart, as with an upgrade, takes less.
      this.#alarms.add(`Broker${broker}Replicas`, {
        metric: brokerMetric(clusterName, broker, 'UnderReplicatedPartitions'),
        threshold: 1,
        minutes: 20,
        means: `Partitions that broker ${broker} leads have lacked a replica for 20 minutes: another broker is lost`,
        runbook: 'missing-replicas',
      });
    }
  }
}
