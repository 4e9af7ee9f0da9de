import { setTimeout as wait } from 'node:timers/promises';
import {
  type RecordPlace,
  type StreamProducer,
  type StreamRecord,
  StreamMissing,
} from '../app/ports/stream-producer.ts';
import type { AttemptError } from '../core/attempt.ts';
import { partitionOfKey } from '../core/murmur2.ts';
import { type BrokerPool, createBrokerPool } from './kafka-broker-pool.ts';
import { kafkaErrorClass } from './kafka-errors.ts';
import { type Outcome, messageBytes } from './kafka-lane.ts';
import type { BrokerAccess } from './kafka-operator.ts';
import { produce } from './kafka-produce.ts';
import { createTopologies, type Topologies } from './kafka-topologies.ts';
import type { Topology } from './kafka-topology.ts';
import { createTurn, type Turn } from './kafka-turn.ts';
import { within } from './within.ts';

const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** What does not pass by itself within seconds. */
const lasting: ReadonlySet<AttemptError> = new Set(['too_large', 'authorization', 'authentication', 'tls']);

/**
 * Writes to topics of a cluster that we trust, over connections that stay open from one invocation to the next. A send is
 * tried again until its end: a leader that changes, or a broker that starts anew, costs a moment.
 */
export function createKafkaStreamProducer(
  access: () => Promise<BrokerAccess>,
): StreamProducer & { close(): void } {
  const pool = createBrokerPool(access, Date.now);
  // A question without an answer ends its connection, and with it whatever is under way there.
  const asking = createBrokerPool(access, Date.now);
  const topologies = createTopologies(asking, Date.now);
  const isMissing = async (topic: string): Promise<boolean> => {
    try {
      await topologies.of(topic);
      return false;
    } catch (error) {
      return kafkaErrorClass(error) === 'unknown_topic';
    }
  };
  return {
    async expectTopics(topics, endMs) {
      const asked = Promise.all(topics.map((topic) => isMissing(topic)));
      const missing = await within(endMs - Date.now(), asked, () => []);
      const first = topics.find((_, at) => missing[at]);
      if (first !== undefined) throw new StreamMissing(`no topic ${first}`);
    },

    send: (topic, records, endMs) =>
      new Promise((resolve, reject) => {
        const timeoutMs = Math.max(endMs - Date.now(), 0);
        const times = { beginByMs: endMs, endByMs: endMs };
        const turn = createTurn(timeoutMs, times, Date.now, () => reject(notInTime(topic)));
        if (!turn.begin()) return;
        write(pool, topologies, topic, records, turn)
          .then(resolve, reject)
          .finally(() => turn.end({}));
      }),
    close() {
      pool.close();
      asking.close();
    },
  };
}

/** Tries until all records are acknowledged, those of a partition together. */
async function write(
  pool: BrokerPool,
  topologies: Topologies,
  topic: string,
  records: readonly StreamRecord[],
  turn: Turn,
): Promise<RecordPlace[]> {
  const places: RecordPlace[] = [];
  let rest = [...records.keys()];
  /** Whether something was sent that may be there, whatever was answered. */
  let mayBeThere = false;
  for (let tries = 1; !turn.isOver; tries++) {
    let outcomes: Outcome[];
    try {
      outcomes = await tryOnce(pool, await topologies.of(topic), topic, records, rest, turn);
      mayBeThere ||= outcomes.some((one) => 'acknowledged' in one || one.error !== 'unknown_topic');
    } catch (thrown) {
      const error = kafkaErrorClass(thrown);
      if (error === 'unknown_topic' && !mayBeThere) throw new StreamMissing(`no topic ${topic}`);
      outcomes = rest.map(() => ({ error, isStale: true }));
    }
    const errors: AttemptError[] = [];
    const open: number[] = [];
    rest.forEach((at, n) => {
      const outcome = outcomes[n]!;
      if ('acknowledged' in outcome) places[at] = outcome.acknowledged;
      else {
        errors.push(outcome.error);
        open.push(at);
      }
    });
    if (open.length === 0) return places;
    topologies.forget(topic);
    const failure = errors.find((error) => lasting.has(error));
    if (failure) throw new Error(`topic ${topic}: ${failure}`);
    rest = open;
    if (tries > 1) await wait(Math.min(firstPauseMs * 2 ** (tries - 2), longestPauseMs));
  }
  throw notInTime(topic);
}

function notInTime(topic: string): Error {
  return new Error(`topic ${topic}: no acknowledgement in time`);
}

/** One request to each broker that leads partitions of these records. */
async function tryOnce(
  pool: BrokerPool,
  { partitions, leaders, brokers }: Topology,
  topic: string,
  records: readonly StreamRecord[],
  indexes: readonly number[],
  turn: Turn,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const placed = indexes.map((at, n) => {
    const message = records[at]!;
    const partition = partitionOfKey(Buffer.from(message.key), partitions);
    const settle = (outcome: Outcome) => void (outcomes[n] = outcome);
    return { message, partition, turn, bytes: messageBytes(message), settle };
  });
  const byLeader = Map.groupBy(placed, ({ partition }) => brokers.get(leaders.get(partition) ?? -1));
  await Promise.all(
    [...byLeader].map(async ([leader, batch]) => {
      try {
        // There is an election.
        if (!leader) throw new Error(`topic ${topic}: a partition has no leader`);
        const { connection, isReused } = await pool.connect(`${leader.host}:${leader.port}`);
        await produce(connection, topic, batch, isReused);
      } catch (thrown) {
        const error = kafkaErrorClass(thrown);
        for (const { settle } of batch) settle({ error, isStale: true });
      }
    }),
  );
  return indexes.map((_, n) => outcomes[n] ?? { error: 'timeout', isStale: false });
}
