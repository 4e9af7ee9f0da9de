import { setTimeout as wait } from 'node:timers/promises';
import type { KafkaMessage } from '../core/kafka-message.ts';
import { type KafkaTarget, brokerAddress } from '../core/kafka-target.ts';
import { partitionOfKey } from '../core/murmur2.ts';
import type { BrokerAddress, OpenConnection } from './kafka-connections.ts';
import { kafkaErrorClass } from './kafka-errors.ts';
import {
  type Entry,
  type Lane,
  type LaneLimits,
  type Outcome,
  createLane,
  messageBytes,
} from './kafka-lane.ts';
import { type Node, createNodes } from './kafka-nodes.ts';
import { produce } from './kafka-produce.ts';
import type { SocketPlace, SocketPlaces } from './kafka-socket-places.ts';
import { type Topology, readTopology } from './kafka-topology.ts';
import type { Turn } from './kafka-turn.ts';
import { within } from './within.ts';

/** Writes messages to one topic with one set of credentials, over connections that stay open. */
export interface KafkaProducer {
  /**
   * Ends the turn, at the latest when its time is over. Never rejects.
   * @param message called at most once, when the message can be sent: what it takes to make is the endpoint's own
   */
  produce(message: () => KafkaMessage, turn: Turn): Promise<void>;
  /** Whether there are connections, open or about to be. */
  readonly isConnected: boolean;
  /** Closes its connections. What is under way is cut off. */
  close(): Promise<void>;
}

/** Less than the largest request and batch of most brokers, 1 MiB. */
const limits: LaneLimits = { bytes: 900_000, count: 1_000 };
/** How long what is known of the topic is taken for true without asking. */
const topologyMaxAgeMs = 5 * 60_000;
/**
 * How long a message waits before the cluster is asked for its leaders once more: brokers hear of a new one at different
 * times, usually within a tenth of a second.
 */
const staleWaitsMs = [0, 20, 50, 100, 200, 400];
/** The most that asking for it may take, over all brokers that are asked. */
const loadTimeoutMs = 10_000;

/** What is known of the topic, or is about to be. */
interface Known {
  readonly value: Promise<Topology>;
  readonly atMs: number;
  /** Whether the cluster can be asked: false when there was no socket. */
  readonly canLoad: Promise<boolean>;
  isLoaded: boolean;
}

export function createKafkaProducer(
  target: KafkaTarget,
  open: OpenConnection,
  places: SocketPlaces,
): KafkaProducer {
  const { topic } = target;
  const nodes = createNodes(target, open, places);
  const lanes = new Map<string, Lane>();
  let topology: Known | undefined;
  /** The bootstrap broker to begin with: one that has failed comes last. */
  let firstBroker = 0;

  /**
   * From a broker that is connected to and has nothing else to do, else from the first of the target's that answers: a
   * question without an answer ends its connection, and a batch that is under way there would be written again.
   * @param place for a connection to one of those
   */
  const load = async (node: Node | undefined, place: SocketPlace | undefined): Promise<Topology> => {
    const endMs = Date.now() + loadTimeoutMs;
    if (node) {
      try {
        return await readTopology(await node.connect(), topic);
      } catch {
        // Another may do better.
      } finally {
        nodes.give(node);
      }
    }
    let failure: unknown = noSocket();
    let own = place;
    for (let tried = 0; tried < target.brokers.length && Date.now() < endMs; tried++) {
      own ??= await places.take();
      if (!own) break;
      const address = brokerAddress(target.brokers[firstBroker % target.brokers.length]!);
      try {
        return await loadFrom(address, own, Math.max(endMs - Date.now(), 1));
      } catch (error) {
        failure = error;
        firstBroker++;
        own = undefined;
      }
    }
    throw failure;
  };
  const loadFrom = async (
    address: BrokerAddress,
    place: SocketPlace,
    timeoutMs: number,
  ): Promise<Topology> => {
    const connection = await open(target, address, place, timeoutMs);
    try {
      const found = await readTopology(connection, topic);
      const isLeader = [...found.brokers.values()].some((advertised) => isSame(advertised, address));
      if (isLeader) nodes.adopt(address, connection);
      else connection.socket.destroy();
      return found;
    } catch (error) {
      connection.socket.destroy();
      throw error;
    }
  };
  const startLoading = (): Known => {
    // Without a connection that is idle, asking begins with waiting for a socket.
    const node = nodes.takeIdle();
    const place = node ? undefined : places.take();
    const loading: Known = {
      value: Promise.resolve(place).then((own) => {
        if (place && !own) throw noSocket();
        return within(loadTimeoutMs, load(node, own), tooLate);
      }),
      canLoad: Promise.resolve(place).then((own) => !place || own !== undefined),
      atMs: Date.now(),
      isLoaded: false,
    };
    loading.value.then(
      () => (loading.isLoaded = true),
      () => forget(loading),
    );
    return loading;
  };
  const currentTopology = (): Known => {
    if (!topology || Date.now() - topology.atMs >= topologyMaxAgeMs) topology = startLoading();
    return topology;
  };
  const forget = (known: Known) => {
    if (topology === known) topology = undefined;
  };

  const laneOf = (address: BrokerAddress): Lane => {
    const key = `${address.host}:${address.port}`;
    const found = lanes.get(key);
    if (found) return found;
    // A cluster may name other brokers each time.
    for (const [other, { isIdle }] of lanes) if (isIdle) lanes.delete(other);
    const lane = createLane((take) => send(address, take), limits);
    lanes.set(key, lane);
    return lane;
  };
  const send = async (address: BrokerAddress, take: () => readonly Entry[]): Promise<void> => {
    const node = await nodes.take(address);
    if (!node) return;
    const batch = take();
    try {
      if (batch.length === 0) return;
      const connection = await node.connect();
      const { isUsed } = node;
      node.isUsed = true;
      await produce(connection, topic, batch, isUsed);
    } catch (thrown) {
      const error = kafkaErrorClass(thrown);
      for (const { settle } of batch) settle({ error, isStale: false });
    } finally {
      nodes.give(node);
    }
  };

  const tryOnce = async (message: () => KafkaMessage, turn: Turn): Promise<Outcome | undefined> => {
    const known = currentTopology();
    if (!known.isLoaded) {
      // Whoever has to wait for the cluster has begun; that there is no socket is not the cluster's doing.
      if (!(await known.canLoad) || !turn.begin()) return undefined;
    }
    try {
      const { partitions, leaders, brokers } = await known.value;
      if (turn.isOver) return undefined;
      const made = message();
      const partition = partitionOfKey(Buffer.from(made.key), partitions);
      const address = brokers.get(leaders.get(partition) ?? -1);
      if (!address) {
        forget(known);
        return { error: 'connection', isStale: true };
      }
      const outcome = await new Promise<Outcome>((settle) =>
        laneOf(address).push({ message: made, partition, turn, bytes: messageBytes(made), settle }),
      );
      // Whatever else has failed may be because another broker leads by now.
      if ('error' in outcome && outcome.error !== 'too_large') forget(known);
      return outcome;
    } catch (error) {
      return { error: kafkaErrorClass(error), isStale: false };
    }
  };

  return {
    async produce(message, turn) {
      let made: KafkaMessage | undefined;
      const once = () => (made ??= message());
      let outcome = await tryOnce(once, turn);
      // A connection that was closed while it was idle, or a leader that has changed, is no failed attempt.
      for (const waitMs of staleWaitsMs) {
        if (!outcome || !('error' in outcome) || !outcome.isStale || turn.isOver) break;
        if (waitMs > 0) await wait(waitMs);
        outcome = await tryOnce(once, turn);
      }
      if (!outcome) return;
      turn.end('error' in outcome ? { error: outcome.error } : outcome);
    },
    get isConnected() {
      return nodes.connections().length > 0;
    },
    close: () => nodes.close(),
  };
}

function isSame(one: BrokerAddress, other: BrokerAddress): boolean {
  return one.host === other.host && one.port === other.port;
}

function noSocket(): Error {
  return new Error('there was no socket');
}

/** What `kafkaErrorClass` calls a time-out. */
function tooLate(): never {
  throw Object.assign(new Error('the cluster took too long'), { code: 'ETIMEDOUT' });
}
