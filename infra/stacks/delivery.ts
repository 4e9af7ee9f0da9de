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

/** What delivers after the first attempt: the queue, the function that drains it, and the sweep of due rows. */
export class DeliveryStack extends Stack {
  readonly wakeUps: Queue;

  constructor(scope: Construct, id: string, props: DeliveryStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets } = props;

    this.wakeUps = new Queue(this, 'WakeUps', {
      // Lambda wants six times the function's time-out, so that throttled polls do not repeat a message.
      visibilityTimeout: Duration.seconds(deliverTimeout.toSeconds() * 6),
      enforceSSL: true,
      deadLetterQueue: {
        // A wake-up that is lost here is sent again by the sweep: its delivery row stays due.
        queue: new Queue(this, 'WakeUpsDead', { retentionPeriod: Duration.days(14), enforceSSL: true }),
        maxReceiveCount: 10,
      },
    });

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

    const sweep = new FanoutFunction(this, 'Sweep', {
      functions,
      code: 'sweep',
      description: 'Sends a wake-up for each delivery that is due',
      timeout: Duration.seconds(55),
      memoryMiB: 512,
    })
      .useTable(events, 'EVENTS_TABLE', ['GetItem', 'PutItem', 'Query', 'UpdateItem'])
      .sendTo(this.wakeUps, 'WAKE_UP_QUEUE');
    new Schedule(this, 'SweepSchedule', {
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new LambdaInvoke(sweep.function, { retryAttempts: 0 }),
      description: 'Once a minute: deliveries that are due',
    });
  }
}
