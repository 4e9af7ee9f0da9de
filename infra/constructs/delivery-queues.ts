import { Duration } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FanoutFunction } from './fanout-function.ts';

/** How often a message is received before it is put aside. */
const mostTries = 10;

/** The queues that deliveries go through. A message that is lost does no harm: what it was for stays due. */
export class DeliveryQueues extends Construct {
  /** Wake-ups of deliveries, but for those of slow endpoints. */
  readonly usual: Queue;
  /** Wake-ups of deliveries to slow endpoints, which a function of their own attempts. */
  readonly slow: Queue;
  /** Jobs of events whose target has many endpoints. */
  readonly fanOuts: Queue;
  /** Replays, and releases of held deliveries. */
  readonly replays: Queue;
  /** Streams that something is to be done for on the cluster. */
  readonly streams: Queue;

  /** @param deliverTimeout of the functions that attempt deliveries */
  constructor(scope: Construct, id: string, deliverTimeout: Duration) {
    super(scope, id);
    // Lambda wants six times the function's time-out, so that throttled polls do not repeat a message.
    const hidden = Duration.seconds(deliverTimeout.toSeconds() * 6);
    this.usual = this.#queue('WakeUps', hidden, mostTries);
    this.slow = this.#queue('SlowWakeUps', hidden, mostTries);
    // After a crash a job is to go on soon; a repeated message does no harm, because a job is taken with a lease. The
    // lease (35 s) must be over by the time that the message comes again.
    const rest = Duration.seconds(40);
    this.fanOuts = this.#queue('FanOuts', rest, mostTries);
    this.replays = this.#queue('Replays', rest, mostTries);
    this.streams = this.#queue('Streams', rest, mostTries);
  }

  /** All of them, by a name for people. */
  get byName(): Readonly<Record<string, Queue>> {
    return {
      WakeUps: this.usual,
      SlowWakeUps: this.slow,
      FanOuts: this.fanOuts,
      Replays: this.replays,
      Streams: this.streams,
    };
  }

  /** Lets a function have deliveries attempted. */
  letWakeUp(sender: FanoutFunction): void {
    sender.sendTo(this.usual, 'WAKE_UP_QUEUE').sendTo(this.slow, 'SLOW_WAKE_UP_QUEUE');
  }

  /** Lets a function have deliveries attempted, and fan-out jobs gone on with. */
  letDeliver(sender: FanoutFunction): void {
    this.letWakeUp(sender);
    sender.sendTo(this.fanOuts, 'FAN_OUT_QUEUE');
  }

  /** Lets a function have replays gone on with. */
  letReplay(sender: FanoutFunction): void {
    sender.sendTo(this.replays, 'REPLAY_QUEUE');
  }

  /** Lets a function have streams gone on with. */
  letProvision(sender: FanoutFunction): void {
    sender.sendTo(this.streams, 'STREAM_QUEUE');
  }

  #queue(id: string, visibilityTimeout: Duration, maxReceiveCount: number): Queue {
    return new Queue(this, id, {
      visibilityTimeout,
      enforceSSL: true,
      deadLetterQueue: {
        queue: new Queue(this, `${id}Dead`, { retentionPeriod: Duration.days(14), enforceSSL: true }),
        maxReceiveCount,
      },
    });
  }
}
