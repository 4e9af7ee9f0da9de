import kafkajs, { type AclResourceTypes } from 'kafkajs';
import { localListeners } from '../source-settings.ts';
import type { KafkaAccess } from './engines/engine.ts';
import { createLedTopic } from './engines/kafka-client.ts';
import type { Workshop } from './resource-kind.ts';

/** A source that is about to be read. */
export interface PreparedSource {
  readonly topic: string;
  readonly groupId: string;
  /** Undefined: the MSK cluster. */
  readonly bootstrapServers: readonly string[] | undefined;
  /** How its poller reaches the brokers. */
  readonly kafka: KafkaAccess;
}

/**
 * Does what no template says and whoever operates a cluster does by hand, where this machine is the operator:
 *
 * - on the MSK cluster, lets a source's own user read its topic and consumer group;
 * - at a listener of the local broker, which stands for a self-managed cluster and is empty at each start, makes the
 *   topic; with one partition, since templates do not tell how many.
 *
 * A given Kafka is operated by somebody else.
 */
export async function prepareSource(source: PreparedSource, workshop: Workshop): Promise<void> {
  const { bootstrapServers, kafka, topic } = source;
  if (workshop.engines.origin.kafka === 'given') return;
  if (!bootstrapServers && kafka.username !== workshop.engines.kafka.username)
    await letRead(source, workshop);
  if (bootstrapServers?.some((server) => Object.values<string>(localListeners).includes(server))) {
    const admin = await workshop.kafkaAdmin();
    const created = await createLedTopic(admin, { topic, numPartitions: 1 });
    if (created) workshop.say(`Topic ${topic} is made on the local broker, with one partition`);
  }
}

async function letRead({ kafka, topic, groupId }: PreparedSource, workshop: Workshop): Promise<void> {
  const admin = await workshop.kafkaAdmin();
  const rule = (resourceType: AclResourceTypes, resourceName: string) => ({
    resourceType,
    resourceName,
    resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
    principal: `User:${kafka.username}`,
    host: '*',
    operation: kafkajs.AclOperationTypes.READ,
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  });
  const { TOPIC, GROUP } = kafkajs.AclResourceTypes;
  await admin.createAcls({ acl: [rule(TOPIC, topic), rule(GROUP, groupId)] });
}
