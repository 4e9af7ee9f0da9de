import { createTopicsV5, deleteTopicsV5, metadataV7, ResponseError } from '@platformatic/kafka';
import type { StreamCluster } from '../app/ports/stream-cluster.ts';
import type { StreamConnection } from '../core/stream.ts';
import { type ClusterCapacity, shortageOf } from '../core/stream-capacity.ts';
import { createKafkaAcls } from './kafka-acls.ts';
import { existingTopics, newTopics } from './kafka-existing-topics.ts';
import { type BrokerAccess, createOperator, faultOf, type Operator, unless } from './kafka-operator.ts';
import { letScramUserIn, removeScramUser, scramUsernames, setScramUser } from './kafka-scram-users.ts';

const topicTimeoutMs = 10_000;

/**
 * Streams on any Kafka from 2.7 on, by its protocol alone. What it answers is done.
 * @param access asked before each connection, for the operator's password may be another by then
 */
export function createKafkaStreamCluster(
  access: () => Promise<BrokerAccess>,
  connection: StreamConnection,
  capacity: ClusterCapacity,
): StreamCluster {
  const operate = createOperator(access);
  return {
    showsAfterMs: 0,
    ...createKafkaAcls(operate),

    connection: async () => connection,

    async shortage(need) {
      const [topics, usernames] = [await topicsOn(operate), await scramUsernames(operate)];
      return shortageOf(need, { topics, usernames }, capacity);
    },

    existingTopics: (names, partitions) => existingTopics(operate, names, partitions),

    async ensureTopics(names, numPartitions) {
      const topics = newTopics(names, numPartitions);
      await operate((broker) =>
        unless('TOPIC_ALREADY_EXISTS', createTopicsV5.api.async(broker, topics, topicTimeoutMs, false)),
      );
      return 'done';
    },

    async ensureUser(user) {
      await setScramUser(operate, user);
      return 'done';
    },

    letsIn: async (user) => letScramUserIn(await access().catch(fail), user),

    async removeUser(username) {
      await removeScramUser(operate, username);
      return 'done';
    },

    async removeTopics(names) {
      const topics = names.map((name) => ({ name }));
      await operate((broker) =>
        unless('UNKNOWN_TOPIC_OR_PARTITION', deleteTopicsV5.api.async(broker, topics, topicTimeoutMs)),
      );
      return 'done';
    },
  };
}

function fail(error: unknown): never {
  throw faultOf(error);
}

type Metadata = ReturnType<typeof metadataV7.parseResponse>;

/** All topics of the cluster, with their number of partitions. */
async function topicsOn(operate: Operator): Promise<Map<string, number>> {
  const { topics } = await operate(async (broker) => {
    try {
      return await metadataV7.api.async(broker, null, false);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      // A partition without a leader counts all the same.
      return error.response as Metadata;
    }
  });
  return new Map(topics.map(({ name, partitions }) => [name ?? '', partitions.length]));
}
