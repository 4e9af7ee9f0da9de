import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { kafkaClientOptions } from '../engines/kafka-client.ts';
import type { KafkaAccess } from '../engines/engine.ts';
import type { KafkaAssignment } from './kafka-assignment.ts';
import type { KafkaCommits } from './kafka-commits.ts';

/** What the poller and its present consumer share. */
export interface ConsumerWiring {
  assignment: KafkaAssignment;
  commits: KafkaCommits;
  /** The consumer has joined the group: records are coming. */
  joined(): void;
  /** Makes fetching go on for a partition that was full. Each consumer sets it, and takes it back when it ends. */
  resume: (partition: number) => void;
}

/** A fetch that finds nothing waits so long. It bounds how long a stop takes, and how long an emptied partition stays paused. */
const maximumWaitMs = 100;
/** The least a broker allows. After a crash of the broker a new consumer waits for the old one to expire. */
const sessionTimeoutMs = 6_000;
const rebalanceTimeoutMs = 10_000;
const requestTimeoutMs = 5_000;
/** Longer than any of the time-outs above: a consumer that is silent for so long has got stuck. */
const silenceMs = 15_000;
const disconnectMs = 2_000;

/**
 * Runs one consumer until it fails or is told to stop. kafkajs can end in several ways without coming back (an error it
 * holds for permanent, a broker list that has become empty, a restart of its own that fails): every one of them ends
 * this call, and the poller starts a new consumer.
 *
 * @returns when `stop` was aborted
 * @throws what ended the consumer
 */
export async function runKafkaConsumer(
  kafka: kafkajs.Kafka,
  { topic, groupId }: { topic: string; groupId: string },
  wiring: ConsumerWiring,
  stop: AbortSignal,
): Promise<void> {
  const consumer = createConsumer(kafka, groupId);
  const ended = Promise.withResolvers<void>();
  const silence = watchForSilence(consumer, () => ended.reject(new Error('the Kafka client has got stuck')));
  const onStop = () => ended.resolve();
  stop.addEventListener('abort', onStop);
  consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error));
  const mine = followGroup(consumer, topic, wiring);
  try {
    await Promise.race([startConsumer(consumer, topic, mine, wiring), ended.promise]);
    await ended.promise;
  } finally {
    mine.over = true;
    clearInterval(silence);
    stop.removeEventListener('abort', onStop);
    wiring.commits.through(undefined);
    wiring.resume = () => undefined;
    await disconnect(consumer);
  }
}

/** Whether a consumer still counts: one that hangs while it is disconnected may come to life later. */
interface Standing {
  over: boolean;
}

async function startConsumer(
  consumer: Consumer,
  topic: string,
  mine: Standing,
  wiring: ConsumerWiring,
): Promise<void> {
  await consumer.connect();
  if (!mine.over) await consumer.subscribe({ topic, fromBeginning: true });
  if (mine.over) return;
  // `run` succeeds even if the group cannot be joined; then CRASH tells.
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      if (!mine.over) takeIn(payload, consumer, wiring);
    },
  });
  // kafkajs forgets a disconnect that comes while it joins the group.
  if (mine.over) await disconnect(consumer);
}

/** A broker that hangs must not hold up the next consumer, or the end of the program. */
async function disconnect(consumer: Consumer): Promise<void> {
  const disconnected = consumer.disconnect().catch(() => undefined);
  await Promise.race([disconnected, sleep(disconnectMs, undefined, { ref: false })]);
}

/** A client that gives up soon: it is the poller that tries again without end, and says so. */
export function createPollerClient(access: KafkaAccess): kafkajs.Kafka {
  return new kafkajs.Kafka({
    ...kafkaClientOptions(access),
    requestTimeout: requestTimeoutMs,
    retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1 },
  });
}

function createConsumer(kafka: kafkajs.Kafka, groupId: string): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: sessionTimeoutMs / 4,
    metadataMaxAge: 5_000,
    minBytes: 1,
    maxWaitTimeInMs: maximumWaitMs,
    // Small: every partition with records gets its share of each fetch. A record that is larger still comes, alone.
    maxBytesPerPartition: 256 * 1024,
    allowAutoTopicCreation: false,
    // Enough to join a group that is being rearranged by others; a restart is the poller's business.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8, restartOnFailure: async () => false },
  });
}

function followGroup(consumer: Consumer, topic: string, wiring: ConsumerWiring): Standing {
  const mine: Standing = { over: false };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (mine.over) return;
    const partitions = payload.memberAssignment[topic] ?? [];
    // kafkajs remembers pauses across assignments. A partition that is still full is paused again by its next batch.
    consumer.resume([{ topic, partitions }]);
    wiring.resume = (partition) => consumer.resume([{ topic, partitions: [partition] }]);
    wiring.assignment.assign(payload.memberId, partitions);
    wiring.joined();
  });
  // Until it has joined anew, the old generation's commits are still taken.
  consumer.on(consumer.events.REBALANCING, () => void wiring.commits.now());
  return mine;
}

/** Returns at once: a batch that waited for its function here would hold back every other partition of the fetch. */
function takeIn(payload: EachBatchPayload, consumer: Consumer, wiring: ConsumerWiring): void {
  const { batch } = payload;
  wiring.commits.through((offsets) => payload.commitOffsetsIfNecessary(offsets));
  const held = wiring.assignment.hold(batch);
  if (held?.kind === 'full') consumer.pause([{ topic: batch.topic, partitions: [batch.partition] }]);
  if (held?.kind === 'gap') {
    consumer.seek({ topic: batch.topic, partition: batch.partition, offset: String(held.from) });
  }
}

function watchForSilence(consumer: Consumer, silent: () => void): NodeJS.Timeout {
  let lastSign = Date.now();
  const sign = () => void (lastSign = Date.now());
  consumer.on(consumer.events.CONNECT, sign);
  consumer.on(consumer.events.GROUP_JOIN, sign);
  consumer.on(consumer.events.FETCH, sign);
  return setInterval(() => {
    if (Date.now() - lastSign > silenceMs) silent();
  }, 1_000).unref();
}
