import { Duration, Stack } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { deliverySettings } from '../settings-environment.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';

export interface DeliveryStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
}

// An endpoint's time-out is 30 s at most; the rest is for reading and writing rows.
const deliverTimeout = Duration.seconds(45);
// Pages for 10 s, the last of which may take longer.
const fanOutTimeout = Duration.seconds(30);

/** What delivers outside of ingest: retries, events with many endpoints, and the sweep of what is due. */
export class DeliveryStack extends Stack {
  readonly wakeUps: Queue;
  readonly fanOuts: Queue;

  constructor(scope: Construct, id: string, props: DeliveryStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets } = props;

    // Lambda wants six times the function's time-out, so that throttled polls do not repeat a message.
    this.wakeUps = this.#queue('WakeUps', Duration.seconds(deliverTimeout.toSeconds() * 6));
    // After a crash a job is to go on soon; a repeated message does no harm, because a job is taken with a lease. The
    // lease (35 s) must be over by the time that the message comes again.
    this.fanOuts = this.#queue('FanOuts', Duration.seconds(40));

    const deliver = new FanoutFunction(this, 'Deliver', {
      functions,
      code: 'deliver',
      description: 'Attempts queued deliveries',
      timeout: deliverTimeout,
      memoryMiB: 512,
      environment: deliverySettings(settings),
    })
      .useTable(config, 'CONFIG_TABLE', ['GetItem', 'Query', 'PutItem'])
      .useTable(events, 'EVENTS_TABLE', ['BatchGetItem', 'Query', 'PutItem'])
      .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
      .sendTo(this.wakeUps, 'WAKE_UP_QUEUE');
    this.wakeUps.grantConsumeMessages(deliver.function);
    new EventSourceMapping(this, 'DeliverMapping', {
      target: deliver.function,
      eventSourceArn: this.wakeUps.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: settings.deliveryConcurrency,
    });

    const fanOut = new FanoutFunction(this, 'FanOut', {
      functions,
      code: 'fan-out',
      description: 'Delivers events whose target has many endpoints',
      timeout: fanOutTimeout,
      memoryMiB: 1024,
      environment: deliverySettings(settings),
    })
      .useTable(config, 'CONFIG_TABLE', ['GetItem', 'Query', 'PutItem'])
      .useTable(events, 'EVENTS_TABLE', ['BatchWriteItem', 'Query', 'UpdateItem'])
      .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
      .sendTo(this.wakeUps, 'WAKE_UP_QUEUE')
      .sendTo(this.fanOuts, 'FAN_OUT_QUEUE');
    this.fanOuts.grantConsumeMessages(fanOut.function);
    new EventSourceMapping(this, 'FanOutMapping', {
      target: fanOut.function,
      eventSourceArn: this.fanOuts.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: settings.deliveryConcurrency,
    });

    const sweep = new FanoutFunction(this, 'Sweep', {
      functions,
      code: 'sweep',
      description: 'Sends a wake-up for each delivery that is due',
      timeout: Duration.seconds(55),
      memoryMiB: 512,
    })
      .useTable(events, 'EVENTS_TABLE', ['GetItem', 'PutItem', 'Query', 'UpdateItem'])
      .sendTo(this.wakeUps, 'WAKE_UP_QUEUE')
      .sendTo(this.fanOuts, 'FAN_OUT_QUEUE');
    new Schedule(this, 'SweepSchedule', {
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new LambdaInvoke(sweep.function, { retryAttempts: 0 }),
      description: 'Once a minute: deliveries that are due',
    });
  }
  /** A queue whose lost messages do no harm: what they were for stays due, and the sweep sends another. */
  #queue(id: string, visibilityTimeout: Duration): Queue {
    return new Queue(this, id, {
      visibilityTimeout,
      enforceSSL: true,
      deadLetterQueue: {
        queue: new Queue(this, `${id}Dead`, { retentionPeriod: Duration.days(14), enforceSSL: true }),
        maxReceiveCount: 10,
      },
    });
  }
}
