import { randomUUID } from 'node:crypto';
import { connectionsApiChannel } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { onTestFinished } from 'vitest';
import type { KafkaAccess } from '../../infra/local/engines/engine.ts';
import type { Engines } from '../../infra/local/engines/engines.ts';
import { createLedTopic, kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import { createKafkaSender } from '../../lib/adapters/kafka-sender.ts';
import type { KafkaSender, KafkaSenderOptions } from '../../lib/adapters/kafka-sender.ts';
import type { TargetRules } from '../../lib/adapters/target-rules.ts';
import type { AttemptTimes } from '../../lib/app/ports/endpoint-sender.ts';
import type { KafkaMessage } from '../../lib/core/kafka-message.ts';
import type { KafkaTarget } from '../../lib/core/kafka-target.ts';

export const localRules: TargetRules = { allowLoopback: true, ports: 'any', deniedRanges: [] };

/** A sender that is closed with its test. */
export function startSender(options: KafkaSenderOptions = {}, rules = localRules): KafkaSender {
  const sender = createKafkaSender(rules, Date.now, options);
  onTestFinished(() => sender.close());
  return sender;
}

/** How the broker is reached over TLS. A test that needs it is skipped where there is none. */
export function overTls({ kafkaTls }: Engines, skip: (why: string) => never): KafkaAccess {
  return kafkaTls ?? skip('engines in containers have no TLS');
}

/** The topic as an endpoint's target, with its administrator's credentials. */
export function targetOf(
  access: KafkaAccess,
  topic: string,
  changes: Partial<KafkaTarget> = {},
): KafkaTarget {
  return {
    brokers: access.bootstrapServers.split(','),
    topic,
    saslMechanism: 'scram-sha-256',
    tls: access.securityProtocol === 'SASL_SSL',
    username: access.username,
    password: access.password,
    credentialsVersion: '1',
    ...changes,
  };
}

export function messageWith(changes: Partial<KafkaMessage> = {}): KafkaMessage {
  return { key: 'k', value: '{}', headers: {}, ...changes };
}

/** One attempt, with more time than it needs. */
export function attempt(
  sender: KafkaSender,
  target: KafkaTarget,
  { endpoint = 'ep', message = messageWith(), timeoutMs = 10_000, ...times }: AttemptChanges = {},
) {
  const later = Date.now() + 20_000;
  return sender.attempt(endpoint, target, () => message, timeoutMs, {
    beginByMs: later,
    endByMs: later,
    ...times,
  });
}

interface AttemptChanges extends Partial<AttemptTimes> {
  readonly endpoint?: string;
  readonly message?: KafkaMessage;
  readonly timeoutMs?: number;
}

/** A new topic. */
export async function createTopic(
  access: KafkaAccess,
  { partitions = 1, config = {} }: { partitions?: number; config?: Record<string, string> } = {},
): Promise<string> {
  const topic = `target-${randomUUID()}`;
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await makeTopic(access, { topic, numPartitions: partitions, configEntries });
  return topic;
}

export async function makeTopic(access: KafkaAccess, wanted: kafkajs.ITopicConfig): Promise<void> {
  await asAdministrator(access, (admin) => createLedTopic(admin, wanted));
}

export async function asAdministrator<Answer>(
  access: KafkaAccess,
  work: (admin: kafkajs.Admin) => Promise<Answer>,
): Promise<Answer> {
  const admin = new kafkajs.Kafka(kafkaClientOptions(access)).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A record as it is in a topic. */
export interface Stored {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** All that is in a topic now. */
export async function readTopic(access: KafkaAccess, topic: string): Promise<Stored[]> {
  const ends = await asAdministrator(access, (admin) => admin.fetchTopicOffsets(topic));
  const count = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const stored: Stored[] = [];
  if (count === 0) return stored;
  const kafka = new kafkajs.Kafka(kafkaClientOptions(access));
  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => payload.restart || reject(payload.error));
    const eachMessage = async ({ partition, message }: kafkajs.EachMessagePayload): Promise<void> => {
      stored.push({
        partition,
        offset: message.offset,
        key: message.key?.toString(),
        value: message.value?.toString(),
        headers: Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        ),
      });
      if (stored.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  }).finally(() => consumer.disconnect());
  return stored;
}

/** Counts the requests with messages that a test makes from now on. */
export function countProduceRequests(): { readonly count: number } {
  return countCalls(0);
}

/** Counts how often a test asks clusters for their topics from now on. */
export function countMetadataRequests(): { readonly count: number } {
  return countCalls(3);
}

/** @param apiKey what Kafka's protocol gives a kind of request */
function countCalls(apiKey: number): { readonly count: number } {
  return countRequests(
    connectionsApiChannel,
    (request) => (request as { apiKey?: number }).apiKey === apiKey,
  );
}

/** Counts what the client tells on a channel from now on until the end of the test. */
export function countRequests(
  { start }: Pick<typeof connectionsApiChannel, 'start'>,
  isCounted: (request: unknown) => boolean = () => true,
): { readonly count: number } {
  const requests = { count: 0 };
  const onRequest = (request: unknown) => {
    if (isCounted(request)) requests.count++;
  };
  start.subscribe(onRequest);
  onTestFinished(() => void start.unsubscribe(onRequest));
  return requests;
}
