import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { DeliveryQueues } from '../constructs/delivery-queues.ts';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { SourceAccess } from '../constructs/source-access.ts';
import { mapSource } from '../constructs/source-mapping.ts';
import { deliverySettings } from '../settings-environment.ts';
import { readsAsUser } from '../source-settings.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';
import type { NetworkStack } from './network.ts';
import type { OwnCluster } from './streaming.ts';

export interface IngestStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
  readonly kafka: OwnCluster | undefined;
  readonly network: NetworkStack | undefined;
  readonly queues: DeliveryQueues;
}

/** One function and one event source mapping for each source, so that no source can use up another's invocations. */
export class IngestStack extends Stack {
  constructor(scope: Construct, id: string, props: IngestStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets, kafka, network, queues } = props;

    const all = Object.entries(settings.sources);
    const userAccess =
      kafka && all.some(([, source]) => readsAsUser(source))
        ? new SourceAccess(this, 'SourceAccess', { functions, stage: settings.name, own: kafka })
        : undefined;
    for (const [name, source] of all) {
      const ingest = new FanoutFunction(this, `Ingest-${name}`, {
        functions,
        stage: settings.name,
        code: 'ingest',
        description: `Routes and delivers the records of source ${name}`,
        timeout: Duration.seconds(60),
        memoryMiB: 1024,
        environment: {
          ...deliverySettings(settings),
          SOURCE_NAME: name,
          SOURCE_NUMBER: String(source.number),
          IDEMPOTENCY_WINDOW_HOURS: String(settings.idempotencyWindowHours),
          ...(source.rateLimit !== undefined && { RATE_LIMIT: String(source.rateLimit) }),
        },
      })
        .useTable(config, 'CONFIG_TABLE', ['GetItem', 'Query:by_kind', 'Query:by_org', 'PutItem'])
        .useTable(events, 'EVENTS_TABLE', [
          'BatchWriteItem',
          'DeleteItem',
          'PartiQLInsert',
          'PutItem',
          'Query',
          'UpdateItem',
        ])
        .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
        .readSecret(secrets.sealKey, 'SEAL_KEY_SECRET');
      queues.letDeliver(ingest);
      network?.leadOut(ingest);
      mapSource(this, name, source, ingest, kafka, userAccess);
    }
    // For whoever tries Fanout out: of the first source, on our own cluster if there is one.
    const [, shown] = all.find(([, { cluster }]) => cluster.kind === 'msk') ?? all[0]!;
    new CfnOutput(this, 'IngestTopic', { value: shown.topic });
  }
}
