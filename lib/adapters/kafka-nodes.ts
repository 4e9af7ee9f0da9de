import type { Connection } from '@platformatic/kafka';
import type { KafkaTarget } from '../core/kafka-target.ts';
import type { BrokerAddress, OpenConnection } from './kafka-connections.ts';
import type { SocketPlace, SocketPlaces } from './kafka-socket-places.ts';

/** A broker that there is a connection to, or may be one. */
export interface Node {
  /** Opens it if need be. Rejects with what `kafkaErrorClass` knows. */
  connect(): Promise<Connection>;
  /** Whether something was sent over the connection before. */
  isUsed: boolean;
}

/** The connections of one target, at most one for each address and at most 15 in all. */
export interface Nodes {
  /**
   * Waits until the broker may be connected to and nobody else has it, and keeps its connection from being closed for
   * another.
   * @returns undefined when there was no socket for long
   */
  take(address: BrokerAddress): Promise<Node | undefined>;
  /** Of those that there is a connection to and nobody has, the one that was used last. */
  takeIdle(): Node | undefined;
  /** Ends what `take` or `takeIdle` began. */
  give(node: Node): void;
  /** Takes over a connection, or closes it when there is one, or no room. */
  adopt(address: BrokerAddress, connection: Connection): void;
  /** Connections that are open, or about to be. */
  connections(): Promise<Connection>[];
  /** What is under way is cut off. */
  close(): Promise<void>;
}

/** One more asks for the topology. A cluster says itself how many brokers it has: it must not get all there is for all. */
const mostNodes = 15;

interface Kept extends Node {
  readonly place: SocketPlace;
  connection: Promise<Connection> | undefined;
  isBusy: boolean;
}

export function createNodes(target: KafkaTarget, open: OpenConnection, places: SocketPlaces): Nodes {
  /** In the order of their use: the first was not used for longest. */
  const nodes = new Map<string, Kept>();
  const waiting: (() => void)[] = [];
  /** Those who wait for a socket have a node's room already. */
  let pending = 0;
  let isClosed = false;

  const hold = (key: string, node: Kept, connection: Promise<Connection>): Promise<Connection> => {
    const forget = () => void (nodes.get(key) === node && nodes.delete(key));
    connection.then(({ socket }) => (socket.destroyed ? forget() : socket.once('close', forget)), forget);
    return connection;
  };
  const keep = (address: BrokerAddress, place: SocketPlace, opened?: Connection): Kept => {
    const key = keyOf(address);
    const node: Kept = {
      place,
      connection: undefined,
      isUsed: false,
      isBusy: !opened,
      connect: () => (node.connection ??= hold(key, node, open(target, address, place))),
    };
    if (opened) node.connection = hold(key, node, Promise.resolve(opened));
    nodes.set(key, node);
    return node;
  };
  const use = (key: string, node: Kept): Node => {
    nodes.delete(key);
    nodes.set(key, node);
    node.isBusy = true;
    return node;
  };
  const drop = (node: Kept): void => {
    for (const [key, kept] of nodes) if (kept === node) nodes.delete(key);
    if (node.connection) void cut(node.connection);
    else node.place();
  };
  /** @returns whether there is room for one more */
  const makeRoom = (): boolean => {
    if (nodes.size + pending < mostNodes) return true;
    const idle = [...nodes.values()].find(({ isBusy }) => !isBusy);
    if (idle) drop(idle);
    return idle !== undefined;
  };
  /** Some wait for a broker, others for room for one more: each looks for itself. */
  const wake = (): void => {
    for (const resume of waiting.splice(0)) resume();
  };

  return {
    async take(address) {
      const key = keyOf(address);
      while (!isClosed) {
        const found = nodes.get(key);
        if (found && !found.isBusy) return use(key, found);
        if (found || !makeRoom()) {
          await new Promise<void>((resolve) => waiting.push(resolve));
          continue;
        }
        pending++;
        const place = await places.take();
        pending--;
        if (place && !nodes.has(key) && !isClosed) return keep(address, place);
        place?.();
        wake();
        if (!nodes.has(key)) break;
      }
      return undefined;
    },
    takeIdle() {
      const found = [...nodes].findLast(([, { connection, isBusy }]) => connection && !isBusy);
      return found && use(...found);
    },
    give(node) {
      const kept = node as Kept;
      kept.isBusy = false;
      // Whoever has much to send must not keep the others from sending anything.
      if (!kept.connection || places.isAwaited || isClosed) drop(kept);
      wake();
    },
    adopt(address, connection) {
      if (isClosed || nodes.has(keyOf(address)) || !makeRoom()) return void connection.socket.destroy();
      keep(address, () => {}, connection);
    },
    connections: () => [...nodes.values()].flatMap(({ connection }) => connection ?? []),
    async close() {
      isClosed = true;
      await Promise.all([...nodes.values()].flatMap(({ connection }) => (connection ? cut(connection) : [])));
    },
  };
}

function keyOf({ host, port }: BrokerAddress): string {
  return `${host}:${port}`;
}

async function cut(connection: Promise<Connection>): Promise<void> {
  await connection.then(
    ({ socket }) => void socket.destroy(),
    () => {},
  );
}
