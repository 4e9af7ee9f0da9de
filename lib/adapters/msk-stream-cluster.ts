import { KafkaClient } from '@aws-sdk/client-kafka';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { StreamCluster } from '../app/ports/stream-cluster.ts';
import { type ClusterCapacity, shortageOf } from '../core/stream-capacity.ts';
import { boundedRequests } from './bounded-requests.ts';
import { createKafkaAcls } from './kafka-acls.ts';
import { existingTopics } from './kafka-existing-topics.ts';
import { createOperator, type Operator } from './kafka-operator.ts';
import { letScramUserIn } from './kafka-scram-users.ts';
import { brokersOf, createMskAccess } from './msk-brokers.ts';
import type { MskSettings } from '../core/stream-cluster-settings.ts';
import { createMskTopics, topicsOnMsk } from './msk-topics.ts';
import { createMskUsers, usernamesOnMsk } from './msk-users.ts';

/** A topic shows about a minute after it was made. */
const showsAfterMs = 180_000;

/** Streams on the MSK cluster of the stage, from a function in its network. */
export function openMskStreamCluster(settings: MskSettings, capacity: ClusterCapacity): StreamCluster {
  const kafka = new KafkaClient(boundedRequests);
  const operate = createOperator(createMskAccess(settings, kafka));
  return createMskStreamCluster(
    kafka,
    new SecretsManagerClient(boundedRequests),
    operate,
    settings,
    capacity,
  );
}

/** @param operate for rights, which AWS has no call for */
export function createMskStreamCluster(
  kafka: KafkaClient,
  secrets: SecretsManagerClient,
  operate: Operator,
  settings: MskSettings,
  capacity: ClusterCapacity,
): StreamCluster {
  return {
    showsAfterMs,
    ...createKafkaAcls(operate),
    ...createMskTopics(kafka, settings),
    ...createMskUsers(kafka, secrets, settings),

    async connection() {
      const { consumers } = await brokersOf(kafka, settings);
      return { bootstrapServers: consumers.join(','), securityProtocol: 'SASL_SSL' };
    },

    async shortage(need) {
      const topics = await topicsOnMsk(kafka, settings.clusterArn);
      const usernames = await usernamesOnMsk(kafka, settings);
      return shortageOf(need, { topics, usernames }, capacity);
    },

    /** By Kafka's protocol: what AWS lists of others' topics is minutes old. */
    existingTopics: (names, partitions) => existingTopics(operate, names, partitions),

    /** Tried once: it takes minutes, and the stream comes again. */
    letsIn: async (user) =>
      letScramUserIn({ bootstrapServers: (await brokersOf(kafka, settings)).scram, tls: true }, user, 0),
  };
}
