import { Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { CfnCluster } from 'aws-cdk-lib/aws-msk';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { deliverySettings } from '../settings-environment.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';

export interface IngestStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
  readonly cluster: CfnCluster;
  readonly wakeUps: Queue;
}

/** One function and one event source mapping for each source, so that no source can use up another's invocations. */
export class IngestStack extends Stack {
  constructor(scope: Construct, id: string, props: IngestStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets, cluster, wakeUps } = props;

    for (const [name, source] of Object.entries(settings.sources)) {
      const ingest = new FanoutFunction(this, `Ingest-${name}`, {
        functions,
        code: 'ingest',
        description: `Routes and delivers the records of source ${name}`,
        timeout: Duration.seconds(60),
        memoryMiB: 1024,
        environment: {
          ...deliverySettings(settings),
          SOURCE_NAME: name,
          SOURCE_NUMBER: String(source.number),
          INLINE_BUDGET_MS: String(settings.inlineBudgetMs),
          IDEMPOTENCY_WINDOW_HOURS: String(settings.idempotencyWindowHours),
        },
      })
        .useTable(config, 'CONFIG_TABLE', ['GetItem', 'Query', 'PutItem'])
        .useTable(events, 'EVENTS_TABLE', ['BatchWriteItem', 'PutItem'])
        .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
        .sendTo(wakeUps, 'WAKE_UP_QUEUE')
        .allow(
          ['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'],
          [cluster.attrArn],
        )
        .allow(
          [
            'kafka-cluster:Connect',
            'kafka-cluster:DescribeGroup',
            'kafka-cluster:AlterGroup',
            'kafka-cluster:DescribeTopic',
            'kafka-cluster:ReadData',
            'kafka-cluster:DescribeClusterDynamicConfiguration',
          ],
          [
            cluster.attrArn,
            this.#clusterPart(cluster, 'topic', source.topic),
            this.#clusterPart(cluster, 'group', source.consumerGroupId),
          ],
        )
        // The mapping makes network interfaces in the cluster's subnets; EC2 has no narrower resource for these.
        .allow(
          [
            'ec2:CreateNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeVpcs',
            'ec2:DeleteNetworkInterface',
            'ec2:DescribeSubnets',
            'ec2:DescribeSecurityGroups',
          ],
          ['*'],
        );
      // No on-failure destination and no filter: either would let a record pass without a trace.
      const mapping = new EventSourceMapping(this, `Mapping-${name}`, {
        target: ingest.function,
        eventSourceArn: cluster.attrArn,
        kafkaTopic: source.topic,
        kafkaConsumerGroupId: source.consumerGroupId,
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: source.batchSize,
        maxBatchingWindow: Duration.seconds(source.batchWindowSeconds),
        reportBatchItemFailures: true,
        provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 4 },
      });
      mapping.node.addDependency(ingest);
    }
  }

  /** ARN of a topic or group of the cluster: `…:cluster/name/uuid` becomes `…:topic/name/uuid/topic-name`. */
  #clusterPart(cluster: CfnCluster, kind: 'topic' | 'group', name: string): string {
    return this.formatArn({
      service: 'kafka',
      resource: kind,
      resourceName: `${cluster.clusterName}/*/${name}`,
    });
  }
}
