import type { BrokerPool } from './kafka-broker-pool.ts';
import { kafkaErrorClass } from './kafka-errors.ts';
import { type Topology, readTopology } from './kafka-topology.ts';

/** Who leads the partitions of a cluster's topics, as it was asked for some minutes ago at most. */
export interface Topologies {
  /** @throws what `kafkaErrorClass` knows */
  of(topic: string): Promise<Topology>;
  /** Has the cluster asked again the next time. */
  forget(topic: string): void;
}

const maxAgeMs = 5 * 60_000;
/** Of those beyond it, the one that was asked for first is forgotten. */
const mostTopics = 2_000;

export function createTopologies(pool: BrokerPool, now: () => number): Topologies {
  const known = new Map<string, { readonly value: Promise<Topology>; readonly atMs: number }>();

  /** From the first broker that answers; what one says of a topic that is not there, the others say, too. */
  const load = async (topic: string): Promise<Topology> => {
    let failure: unknown = new Error('the cluster has no bootstrap servers');
    for (const server of await pool.servers()) {
      try {
        return await readTopology((await pool.connect(server)).connection, topic);
      } catch (error) {
        if (kafkaErrorClass(error) === 'unknown_topic') throw error;
        failure = error;
      }
    }
    throw failure;
  };

  return {
    of(topic) {
      const found = known.get(topic);
      if (found && now() - found.atMs < maxAgeMs) return found.value;
      const value = load(topic);
      const asked = { value, atMs: now() };
      known.delete(topic);
      known.set(topic, asked);
      if (known.size > mostTopics) known.delete(known.keys().next().value!);
      value.catch(() => known.get(topic) === asked && known.delete(topic));
      return value;
    },
    forget: (topic) => void known.delete(topic),
  };
}
