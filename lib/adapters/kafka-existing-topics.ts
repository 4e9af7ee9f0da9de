import { createTopicsV5, ResponseError } from '@platformatic/kafka';
import { faultOf, type Operator } from './kafka-operator.ts';

const timeoutMs = 10_000;
/** As Kafka's protocol numbers it. */
const topicAlreadyExists = 36;
/** As many as the brokers' `default.replication.factor` says. */
const usualReplication = -1;

/** How these topics are to be made. */
export function newTopics(names: readonly string[], numPartitions: number) {
  const replicationFactor = usualReplication;
  return names.map((name) => ({ name, numPartitions, replicationFactor, assignments: [], configs: [] }));
}

/**
 * Which of these topics are there. They are asked for as if they were to be made, which the controller answers: what other
 * brokers know of topics is some moments old.
 * @param numPartitions as many as they are to have: the brokers may have rules about that
 */
export async function existingTopics(
  operate: Operator,
  names: readonly string[],
  numPartitions: number,
): Promise<string[]> {
  return operate(async (broker) => {
    try {
      await createTopicsV5.api.async(broker, newTopics(names, numPartitions), timeoutMs, true);
      return [];
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      const answers = (error.response as ReturnType<typeof createTopicsV5.parseResponse>).topics;
      const existing = answers.filter(({ errorCode }) => errorCode === topicAlreadyExists);
      const isTold = answers.every(({ errorCode }) => errorCode === 0 || errorCode === topicAlreadyExists);
      if (!isTold) throw faultOf(error);
      return existing.map(({ name }) => name);
    }
  });
}
