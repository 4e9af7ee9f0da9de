import type { Kafka, KafkaMessage } from 'kafkajs';

/** The first records of a topic with one partition, as a plain consumer reads them. */
export async function readRecords(
  kafka: Kafka,
  topic: string,
  groupId: string,
  count: number,
): Promise<KafkaMessage[]> {
  const consumer = kafka.consumer({ groupId });
  const read: KafkaMessage[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      const eachMessage = async ({ message }: { message: KafkaMessage }) => {
        if (read.push(message) === count) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return read;
  } finally {
    await consumer.disconnect();
  }
}
