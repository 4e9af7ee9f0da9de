import { Duration, Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { DeliveryQueues } from '../constructs/delivery-queues.ts';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { deliverySettings } from '../settings-environment.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';
import type { NetworkStack } from './network.ts';

export interface DeliveryStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
  readonly network: NetworkStack | undefined;
}

// An endpoint's time-out is 30 s at most; the rest is for reading and writing rows.
const deliverTimeout = Duration.seconds(45);
// Both page for 10 s, the last of which may take longer.
const jobTimeout = Duration.seconds(30);
/** The part of a delivery function's invocations that one endpoint may keep busy. */
const endpointShare = 0.8;

/** What delivers outside of ingest: retries, events with many endpoints, replays, and the sweep of what is due. */
export class DeliveryStack extends Stack {
  readonly queues: DeliveryQueues;

  constructor(scope: Construct, id: string, props: DeliveryStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets, network } = props;
    this.queues = new DeliveryQueues(this, 'Queues', deliverTimeout);

    const deliver = (name: string, lane: 'usual' | 'slow', description: string, concurrency: number) => {
      const attempts = new FanoutFunction(this, name, {
        functions,
        stage: settings.name,
        code: 'deliver',
        description,
        timeout: deliverTimeout,
        memoryMiB: 512,
        environment: {
          ...deliverySettings(settings),
          LANE: lane,
          ENDPOINT_PLACES: String(Math.floor(concurrency * endpointShare)),
        },
      })
        .useTable(config, 'CONFIG_TABLE', ['GetItem', 'PutItem'])
        .useTable(events, 'EVENTS_TABLE', [
          'BatchGetItem',
          'BatchWriteItem',
          'DeleteItem',
          'PutItem',
          'Query',
          'UpdateItem',
        ])
        .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
        .readSecret(secrets.sealKey, 'SEAL_KEY_SECRET');
      this.queues.letWakeUp(attempts);
      network?.leadOut(attempts);
      this.#consume(attempts, this.queues[lane], 10, concurrency);
    };
    deliver('Deliver', 'usual', 'Attempts queued deliveries', settings.deliveryConcurrency);
    deliver('DeliverSlow', 'slow', 'Attempts deliveries to slow endpoints', settings.slowDeliveryConcurrency);

    const fanOut = new FanoutFunction(this, 'FanOut', {
      functions,
      stage: settings.name,
      code: 'fan-out',
      description: 'Delivers events whose target has many endpoints',
      timeout: jobTimeout,
      memoryMiB: 1024,
      environment: deliverySettings(settings),
    })
      .useTable(config, 'CONFIG_TABLE', ['GetItem', 'Query:by_kind', 'Query:by_org', 'PutItem'])
      .useTable(events, 'EVENTS_TABLE', ['BatchWriteItem', 'DeleteItem', 'PutItem', 'Query', 'UpdateItem'])
      .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
      .readSecret(secrets.sealKey, 'SEAL_KEY_SECRET');
    this.queues.letDeliver(fanOut);
    network?.leadOut(fanOut);
    this.#consume(fanOut, this.queues.fanOuts, 1, settings.deliveryConcurrency);

    const replay = new FanoutFunction(this, 'Replay', {
      functions,
      stage: settings.name,
      code: 'replay',
      description: 'Makes deliveries once more, at a bounded speed',
      timeout: jobTimeout,
      memoryMiB: 512,
      environment: deliverySettings(settings),
    })
      .useTable(config, 'CONFIG_TABLE', ['GetItem', 'PutItem', 'DeleteItem'])
      .useTable(events, 'EVENTS_TABLE', [
        'BatchGetItem',
        'Query',
        'Query:listing',
        'Query:overview',
        'PutItem',
        'DeleteItem',
      ])
      .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
      .readSecret(secrets.sealKey, 'SEAL_KEY_SECRET');
    this.queues.letWakeUp(replay);
    this.queues.letReplay(replay);
    this.#consume(replay, this.queues.replays, 1, settings.deliveryConcurrency);

    const sweep = new FanoutFunction(this, 'Sweep', {
      functions,
      stage: settings.name,
      code: 'sweep',
      description: 'Sends a wake-up for each delivery that is due',
      timeout: Duration.seconds(55),
      memoryMiB: 512,
    }).useTable(events, 'EVENTS_TABLE', ['GetItem', 'PutItem', 'Query:listing', 'UpdateItem']);
    this.queues.letDeliver(sweep);
    this.queues.letReplay(sweep);
    this.queues.letProvision(sweep);
    // Not that of the CDK, which may also call all versions of the function.
    const role = new Role(this, 'SchedulerRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [sweep.function.functionArn] }),
    );
    new Schedule(this, 'SweepSchedule', {
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: {
        bind: () => ({ arn: sweep.function.functionArn, role, retryPolicy: { maximumRetryAttempts: 0 } }),
      },
      description: 'Once a minute: deliveries that are due',
    });
  }

  #consume(consumer: FanoutFunction, queue: Queue, batchSize: number, maxConcurrency: number): void {
    queue.grantConsumeMessages(consumer.function);
    new EventSourceMapping(this, `${consumer.node.id}Mapping`, {
      target: consumer.function,
      eventSourceArn: queue.queueArn,
      batchSize,
      reportBatchItemFailures: true,
      maxConcurrency,
    });
  }
}
