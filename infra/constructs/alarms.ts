import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface AlarmRule {
  readonly metric: Metric | MathExpression;
  /** At this value, or above it. */
  readonly threshold: number;
  /** How many minutes on end. */
  readonly minutes: number;
  /** What is wrong then, in a sentence without its stop. */
  readonly means: string;
  /** The heading of its section in infra/docs/runbook.md, as its link. */
  readonly runbook: string;
  /** Whether it is the less that is wrong: then nothing at all is wrong too. */
  readonly isTooLittle?: boolean;
}

/** Alarms, and the topic that they are told to. */
export class Alarms extends Construct {
  readonly #topic: Topic;

  /** @param email gets what the topic gets, once it has confirmed that it wants to */
  constructor(scope: Construct, id: string, stage: string, email: string | undefined) {
    super(scope, id);
    this.#topic = new Topic(this, 'Topic', { displayName: `Alarms of fanout-${stage}`, enforceSSL: true });
    // A topic with a policy of its own, as `enforceSSL` makes one, has lost that which lets its account's alarms in.
    this.#topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.#topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (email !== undefined) this.#topic.addSubscription(new EmailSubscription(email));
  }

  add(id: string, { metric, threshold, minutes, means, runbook, isTooLittle = false }: AlarmRule): void {
    const alarm = new Alarm(this, id, {
      metric: metric.with({ period: Duration.minutes(1) }),
      threshold,
      evaluationPeriods: minutes,
      comparisonOperator: isTooLittle
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isTooLittle ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${means}. What to do: infra/docs/runbook.md#${runbook}`,
    });
    const tell = new SnsAction(this.#topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
  }
}
