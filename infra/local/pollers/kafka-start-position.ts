import type { Kafka } from 'kafkajs';

/**
 * Makes "the latest record" a fixed place: commits the current ends of those partitions for which the group has no
 * commit yet. Left to the consumer, the latest would be found anew after each rearrangement of the group until the
 * first commit, and records in between would be passed over.
 *
 * @throws when Kafka or the topic cannot be reached
 */
export async function commitLatestAsStart(kafka: Kafka, groupId: string, topic: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    // Where others already read, the start was fixed by the first of them; and Kafka would refuse.
    const { groups } = await admin.describeGroups([groupId]);
    if (groups.some(({ members }) => members.length > 0)) return;
    const ends = await admin.fetchTopicOffsets(topic);
    const [commits] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const started = new Set(
      commits?.partitions.filter(({ offset }) => Number(offset) >= 0).map((p) => p.partition),
    );
    const partitions = ends
      .filter(({ partition }) => !started.has(partition))
      .map(({ partition, high }) => ({ partition, offset: high }));
    if (partitions.length > 0) await admin.setOffsets({ groupId, topic, partitions });
  } finally {
    await admin.disconnect();
  }
}
