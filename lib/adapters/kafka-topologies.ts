import { setTimeout as wait } from 'node:timers/promises';
import type { BrokerPool } from './kafka-broker-pool.ts';
import { kafkaErrorClass } from './kafka-errors.ts';
import { type Topology, readTopology } from './kafka-topology.ts';

/** Who leads the partitions of a cluster's topics, as it was asked for some minutes ago at most. */
export interface Topologies {
  /**
   * A topic is unknown once all brokers that answer have said so for a second.
   * @throws what `kafkaErrorClass` knows
   */
  of(topic: string): Promise<Topology>;
  /** Has the cluster asked again the next time. */
  forget(topic: string): void;
}

interface Asked {
  readonly value: Promise<Topology>;
  readonly atMs: number;
  isRenewed?: boolean;
}

/** Then the cluster is asked again beside what goes on: a topic that gets more partitions has its keys elsewhere from then on. */
const freshMs = 30_000;
const maxAgeMs = 5 * 60_000;
/** Of those beyond it, the one that was asked for first is forgotten. */
const mostTopics = 2_000;
/** A topic that has just been made is not known everywhere. */
const unknownForMs = 1_000;
const firstPauseMs = 50;

export function createTopologies(pool: BrokerPool, now: () => number): Topologies {
  const known = new Map<string, Asked>();

  /** From the first broker that knows the topic. */
  const ask = async (topic: string): Promise<Topology> => {
    let failure: unknown = new Error('the cluster has no bootstrap servers');
    let unknown: unknown;
    for (const server of await pool.servers()) {
      try {
        return await readTopology((await pool.connect(server)).connection, topic);
      } catch (error) {
        if (kafkaErrorClass(error) === 'unknown_topic') unknown = error;
        else failure = error;
      }
    }
    throw unknown ?? failure;
  };
  const askUntilKnown = async (topic: string): Promise<Topology> => {
    const endMs = performance.now() + unknownForMs;
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      try {
        return await ask(topic);
      } catch (error) {
        const restMs = endMs - performance.now();
        if (kafkaErrorClass(error) !== 'unknown_topic' || restMs <= 0) throw error;
        await wait(Math.min(pauseMs, restMs));
      }
    }
  };

  const load = (topic: string): Asked => {
    const asked: Asked = { value: askUntilKnown(topic), atMs: now() };
    known.delete(topic);
    known.set(topic, asked);
    if (known.size > mostTopics) known.delete(known.keys().next().value!);
    asked.value.catch(() => known.get(topic) === asked && known.delete(topic));
    return asked;
  };
  /** What is known is used meanwhile, and on where the cluster cannot be asked just now. */
  const renew = (topic: string, found: Asked): void => {
    found.isRenewed = true;
    const atMs = now();
    ask(topic).then(
      (topology) => {
        if (known.get(topic) === found) known.set(topic, { value: Promise.resolve(topology), atMs });
      },
      () => (found.isRenewed = false),
    );
  };

  return {
    of(topic) {
      const found = known.get(topic);
      const ageMs = found ? now() - found.atMs : Infinity;
      if (ageMs >= maxAgeMs) return load(topic).value;
      if (ageMs >= freshMs && !found!.isRenewed) renew(topic, found!);
      return found!.value;
    },
    forget: (topic) => void known.delete(topic),
  };
}
