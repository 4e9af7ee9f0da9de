import kafkajs from 'kafkajs';
import type { Admin, Message, Producer } from 'kafkajs';
import { expect, onTestFinished, vi } from 'vitest';
import type { Engines } from '../../../../infra/local/engines/engines.ts';
import { createLedTopic, kafkaClientOptions } from '../../../../infra/local/engines/kafka-client.ts';
import type { KafkaEvent, KafkaEventRecord } from '../../../../infra/local/pollers/kafka-event.ts';
import type { KafkaPollerOptions } from '../../../../infra/local/pollers/kafka-poller.ts';
import { startKafkaPoller } from '../../../../infra/local/pollers/kafka-poller.ts';

/** One invocation of the function, as the test sees it. */
export interface Invocation {
  event: KafkaEvent;
  partition: number;
  offsets: number[];
  records: KafkaEventRecord[];
}

/** Whatever a function may do with an invocation: the number is that of the invocation, from 0. */
export type Function = (invocation: Invocation, number: number) => unknown;

/** How long a test waits for what must happen. */
export const patience = { timeout: 20_000, interval: 10 };

let topics = 0;

/** A topic of its own, and what a test does with it. */
export async function createTrial(engines: Engines, partitions = 1) {
  const kafka = new kafkajs.Kafka(kafkaClientOptions(engines.kafka));
  const admin = kafka.admin();
  let producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  onTestFinished(async () => void (await Promise.all([admin.disconnect(), producer.disconnect()])));
  topics += 1;
  const topic = `records-${process.pid}-${topics}`;
  const groupId = `group-${topic}`;
  const createTopic = (numPartitions: number) => createLedTopic(admin, { topic, numPartitions });
  if (partitions > 0) await createTopic(partitions);
  return {
    topic,
    groupId,
    createTopic,
    async addPartitions(count: number) {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
      await producer.disconnect();
      // Only a new one knows of them: kafkajs drops records for partitions that it has not heard of.
      producer = kafka.producer();
      await producer.connect();
    },
    produce: (count: number, partition = 0) => produce(producer, topic, partition, numbered(count)),
    produceMessages: (messages: Message[], partition = 0) => produce(producer, topic, partition, messages),
    commits: () => commits(admin, topic, groupId),
    ends: async () => (await admin.fetchTopicOffsets(topic)).map(({ high }) => Number(high)),
    poll: (work: Function, changes: Partial<KafkaPollerOptions> = {}) =>
      poll({ ...defaults(engines, topic, groupId), ...changes }, work),
  };
}

const defaults = (engines: Engines, topic: string, groupId: string) => ({
  kafka: engines.kafka,
  topic,
  groupId,
  eventSourceArn: undefined,
  batchSize: 100,
  windowSeconds: 0,
  startingPosition: 'TRIM_HORIZON' as const,
  reportBatchItemFailures: true,
  tag: 'ingest',
});

async function poll(options: Omit<KafkaPollerOptions, 'invoke' | 'say'>, work: Function) {
  const invocations: Invocation[] = [];
  const said: string[] = [];
  const poller = await startKafkaPoller({
    ...options,
    say: (line) => said.push(line),
    async invoke(event) {
      const [records = []] = Object.values((event as KafkaEvent).records);
      const partition = records[0]?.partition ?? -1;
      const invocation = {
        event: event as KafkaEvent,
        partition,
        records,
        offsets: records.map((r) => r.offset),
      };
      invocations.push(invocation);
      return work(invocation, invocations.length - 1);
    },
  });
  onTestFinished(() => poller.stop());
  return { ...poller, invocations, said };
}

async function produce(
  producer: Producer,
  topic: string,
  partition: number,
  messages: Message[],
): Promise<void> {
  await producer.send({ topic, acks: -1, messages: messages.map((message) => ({ ...message, partition })) });
}

function numbered(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({ value: `value ${index}` }));
}

/** The group's commits by partition; -1 where there is none. */
async function commits(admin: Admin, topic: string, groupId: string): Promise<number[]> {
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const partitions = offsets?.partitions ?? [];
  return partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
}

/** Waits for something to become true; how long it took is nobody's business. */
export async function until(
  condition: () => void | Promise<void>,
  timeout = patience.timeout,
): Promise<void> {
  await vi.waitFor(condition, { ...patience, timeout });
}

/** Every record of these partitions came, and none came before all the ones before it had come. */
export function expectNothingPassedOver(invocations: Invocation[], ends: number[]): void {
  const seen = new Map<number, number>();
  for (const { partition, offsets } of invocations) {
    const upTo = seen.get(partition) ?? 0;
    expect(offsets[0]).toBeLessThanOrEqual(upTo);
    expect(offsets).toEqual(offsets.map((_, index) => (offsets[0] ?? 0) + index));
    seen.set(partition, Math.max(upTo, (offsets.at(-1) ?? -1) + 1));
  }
  expect(ends.map((_, partition) => seen.get(partition) ?? 0)).toEqual(ends);
}
