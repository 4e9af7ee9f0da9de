import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaAccess } from '../engines/engine.ts';
import { createOutage } from '../outage.ts';
import { backoffMs } from './backoff.ts';
import { KafkaAssignment } from './kafka-assignment.ts';
import { createKafkaCommits } from './kafka-commits.ts';
import type { ConsumerWiring } from './kafka-consumer.ts';
import { createPollerClient, runKafkaConsumer } from './kafka-consumer.ts';
import { kafkaEvent } from './kafka-event.ts';
import { commitLatestAsStart } from './kafka-start-position.ts';

export interface KafkaPollerOptions {
  kafka: KafkaAccess;
  topic: string;
  groupId: string;
  /** MSK: `aws:kafka` events with this ARN. Undefined: `SelfManagedKafka` events. */
  eventSourceArn: string | undefined;
  /** At most so many records an invocation; their payload stays within 6 MB. */
  batchSize: number;
  /** How long a batch that is not full waits for more records; 0: not at all. */
  windowSeconds: number;
  /** Where a group starts that has no commit. */
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  reportBatchItemFailures: boolean;
  /** Rejects when the function failed, timed out or could not start. */
  invoke(event: unknown): Promise<unknown>;
  say(line: string): void;
  /** Which mapping this is, for what is said about it. */
  tag: string;
}

const joinWaitMs = 10_000;
const stopWaitMs = 30_000;
const lastCommitWaitMs = 3_000;

/**
 * Runs an event source mapping of a Kafka topic: batches of one partition each, one in flight per partition, in order;
 * what fails is repeated without end; an offset is committed only when everything before it is done.
 *
 * @returns when it has joined its group, or after ten seconds without: it goes on trying, and says so. `stop` lets
 * invocations in flight finish, for at most 30 seconds
 */
export async function startKafkaPoller(options: KafkaPollerOptions): Promise<{ stop(): Promise<void> }> {
  const { topic, tag } = options;
  const say = (line: string) => options.say(line);
  const failures = createOutage(
    say,
    (reason) => `${tag}: the function failed, its records are tried again until it does not: ${reason}`,
    `${tag}: the function works again`,
  );
  const unreachable = createOutage(
    say,
    (reason) => `${tag}: Kafka cannot be read, trying again: ${reason}`,
    `${tag}: Kafka can be read again`,
  );
  const source = { eventSourceArn: options.eventSourceArn, bootstrapServers: options.kafka.bootstrapServers };
  const assignment = new KafkaAssignment({
    topic,
    batchSize: options.batchSize,
    windowMs: options.windowSeconds * 1000,
    reportBatchItemFailures: options.reportBatchItemFailures,
    outage: failures,
    invoke: async (partition, messages) => options.invoke(kafkaEvent(source, topic, partition, messages)),
    progressed: () => commits.soon(),
    roomAgain: (partition) => wiring.resume(partition),
  });
  const commits = createKafkaCommits(topic, assignment);
  const joined = Promise.withResolvers<void>();
  const wiring: ConsumerWiring = {
    assignment,
    commits,
    joined() {
      attempts = 0;
      hasJoined = true;
      unreachable.worked(topic);
      joined.resolve();
    },
    resume: () => undefined,
  };
  const stopping = new AbortController();
  let attempts = 0;
  let hasJoined = false;
  let startIsKnown = options.startingPosition === 'TRIM_HORIZON';

  async function consumeUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        // A client of its own each time: kafkajs keeps what it believes of brokers and offsets in the client.
        const kafka = createPollerClient(options.kafka);
        if (!startIsKnown) await commitLatestAsStart(kafka, options.groupId, topic);
        startIsKnown = true;
        await runKafkaConsumer(kafka, options, wiring, stopping.signal);
      } catch (error) {
        // Nothing of what is held can be committed any more; it is fetched again from the last commit.
        assignment.loseAll();
        if (stopping.signal.aborted) return;
        attempts += 1;
        // A Kafka that has just started is no outage: it still loads what it knows of groups.
        if (hasJoined || attempts > 2) unreachable.failed(topic, error);
        await sleep(Math.min(backoffMs(attempts), 2_000), undefined, { signal: stopping.signal }).catch(
          () => undefined,
        );
      }
    }
  }

  const consuming = consumeUntilStopped();
  await Promise.race([joined.promise, sleep(joinWaitMs, undefined, { ref: false })]);
  return {
    async stop() {
      await assignment.close(stopWaitMs);
      await Promise.race([commits.now(), sleep(lastCommitWaitMs, undefined, { ref: false })]);
      stopping.abort();
      await consuming;
    },
  };
}
