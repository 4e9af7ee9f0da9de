import { type Connection, ResponseError, metadataV7 } from '@platformatic/kafka';
import { type BrokerAddress, within } from './kafka-connections.ts';

/** Who leads the partitions of a topic, and where brokers say that they are. */
export interface Topology {
  /** How many partitions the topic has, at least one. */
  readonly partitions: number;
  /** The broker that leads a partition; none while there is an election. */
  readonly leaders: ReadonlyMap<number, number>;
  readonly brokers: ReadonlyMap<number, BrokerAddress>;
}

type MetadataResponse = ReturnType<typeof metadataV7.parseResponse>;

const timeoutMs = 5_000;

/**
 * Asks a broker for the topic. It is not created when it is not there.
 * @throws what `kafkaErrorClass` knows: the topic is unknown, or hidden
 */
export async function readTopology(connection: Connection, topic: string): Promise<Topology> {
  const { topics, brokers } = await ask(connection, topic);
  const found = topics.find(({ name }) => name === topic);
  if (!found || found.partitions.length === 0) throw new Error('the broker says nothing of the topic');
  return {
    partitions: found.partitions.length,
    leaders: new Map(found.partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId])),
    brokers: new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }])),
  };
}

async function ask(connection: Connection, topic: string): Promise<MetadataResponse> {
  try {
    return await within(connection, timeoutMs, () => metadataV7.api.async(connection, [topic], false));
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    // What is wrong with one partition does not keep the others from being written to.
    const response = error.response as MetadataResponse;
    if (response.topics.some(({ errorCode }) => errorCode !== 0)) throw error;
    return response;
  }
}
