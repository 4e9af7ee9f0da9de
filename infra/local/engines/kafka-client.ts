import kafkajs from 'kafkajs';
import type { Admin, ITopicConfig, KafkaConfig, SASLOptions } from 'kafkajs';
import type { KafkaAccess } from './engine.ts';

// kafkajs warns each program that its default partitioner changed in 2.0: ours never had the one before.
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';

/**
 * What `new Kafka(…)` takes to reach a broker of the local machine. kafkajs says nothing on the terminal:
 * each failure reaches the caller as an error. A broker that restarts is waited for about 20 s.
 */
export function kafkaClientOptions(access: KafkaAccess): KafkaConfig {
  const encrypted = access.securityProtocol === 'SASL_SSL' || access.securityProtocol === 'SSL';
  const signsIn = access.securityProtocol === 'SASL_SSL' || access.securityProtocol === 'SASL_PLAINTEXT';
  return {
    clientId: 'fanout',
    brokers: access.bootstrapServers.split(','),
    ...(encrypted && { ssl: access.certificateAuthority ? { ca: [access.certificateAuthority] } : true }),
    ...(signsIn && { sasl: signIn(access) }),
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 5_000,
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8 },
  };
}

function signIn({ username, password, saslMechanism }: KafkaAccess): SASLOptions {
  if (saslMechanism === 'PLAIN') return { mechanism: 'plain', username, password };
  if (saslMechanism === 'SCRAM-SHA-256') return { mechanism: 'scram-sha-256', username, password };
  return { mechanism: 'scram-sha-512', username, password };
}

/** Waits until the broker lets `access` in and knows itself as a member of the cluster. */
export async function untilKafkaServes(access: KafkaAccess, timeoutMs: number): Promise<void> {
  const once = { ...kafkaClientOptions(access), retry: { retries: 0 } };
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await askForCluster(once);
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`Kafka did not let ${access.username || 'us'} in within ${timeoutMs / 1000} s`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function askForCluster(options: KafkaConfig): Promise<void> {
  const admin = new kafkajs.Kafka(options).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length === 0) throw new Error('Kafka has no broker yet');
  } finally {
    await admin.disconnect();
  }
}

const topicTimeoutMs = 20_000;

/**
 * Makes a topic, and waits until each of its partitions has a leader: brokers hear of a topic a moment after it is made,
 * and kafkajs's own `waitForLeaders` takes what they say until then for a failure.
 * @returns whether it is new; false leaves the topic that there is as it is
 * @throws Error when it has no leaders after 20 s
 */
export async function createLedTopic(admin: Admin, wanted: ITopicConfig): Promise<boolean> {
  const isNew = await admin.createTopics({ waitForLeaders: false, topics: [wanted] });
  const deadline = Date.now() + topicTimeoutMs;
  while (isNew && !(await isLed(admin, wanted.topic))) {
    if (Date.now() > deadline)
      throw new Error(`Topic ${wanted.topic} had no leaders within ${topicTimeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return isNew;
}

async function isLed(admin: Admin, topic: string): Promise<boolean> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
  return topics.length > 0 && topics[0]!.partitions.every(({ leader }) => leader >= 0);
}
