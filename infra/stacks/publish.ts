import { Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { StreamProducerSettings } from '../../lib/core/stream-cluster-settings.ts';
import { reachSelfManaged } from '../constructs/cluster-access.ts';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { allowOrgTopics } from '../constructs/org-topics.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';
import type { OwnCluster } from './streaming.ts';

export interface PublishStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
  readonly kafka: OwnCluster | undefined;
}

/** Less than the API waits; more than a send may take. */
const timeout = Duration.seconds(29);

/** What writes to orgs' topics, for the API. */
export class PublishStack extends Stack {
  readonly publish: FanoutFunction;
  /** The same for prices alone: their floods take up none of the environments that others need. */
  readonly publishPrices: FanoutFunction;

  constructor(scope: Construct, id: string, props: PublishStackProps) {
    super(scope, id, props);
    const { config, events } = props;
    // Runs and mappings are its, and what a call keeps before it produces.
    this.publish = this.#publisher('Publish', "Publishes to orgs' streams", props)
      .useTable(config, 'CONFIG_TABLE', ['GetItem', 'PutItem', 'Query'])
      // A node that nobody hears of is taken out of its run: keys, orgs and endpoints are beside runs, and stay.
      .deleteUnder(config, ['RUN#', 'NODE_RUN#'])
      .useTable(events, 'EVENTS_TABLE', ['BatchWriteItem', 'PutItem', 'Query', 'UpdateItem']);
    this.publishPrices = this.#publisher('PublishPrices', 'Publishes prices', props)
      .useTable(config, 'CONFIG_TABLE', ['GetItem'])
      .useTable(events, 'EVENTS_TABLE', ['PutItem', 'UpdateItem']);
  }

  #publisher(id: string, description: string, props: PublishStackProps): FanoutFunction {
    const { settings, functions, secrets, kafka } = props;
    const publisher = new FanoutFunction(this, id, {
      functions,
      stage: settings.name,
      code: 'publish',
      description,
      timeout,
      memoryMiB: 1024,
      // Each environment has a connection to each broker.
      concurrency: settings.publishConcurrency,
      environment: {
        IDEMPOTENCY_WINDOW_HOURS: String(settings.idempotencyWindowHours),
        RETENTION_DAYS: String(settings.retentionDays),
      },
    }).readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET');
    const { cluster } = settings.streams;
    const access: StreamProducerSettings =
      cluster.kind === 'msk' ? this.#reachOwn(publisher, kafka) : reachSelfManaged(publisher, cluster);
    publisher.function.addEnvironment('STREAM_CLUSTER', JSON.stringify(access));
    return publisher;
  }

  /** Our MSK cluster, by Kafka's protocol with the function's role. */
  #reachOwn(publisher: FanoutFunction, own: OwnCluster | undefined) {
    if (!own) throw new Error('Streams are on our own cluster, and there is none');
    publisher
      .enterNetwork(own.subnetIds, [own.securityGroupId])
      .allow(['kafka:GetBootstrapBrokers', 'kafka-cluster:Connect'], [own.arn]);
    allowOrgTopics(publisher, own, ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData']);
    return { kind: 'msk' as const, clusterArn: own.arn, region: this.region };
  }
}
