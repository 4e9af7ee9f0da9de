import type { Connection } from '@platformatic/kafka';
import { kafkaErrorClass } from './kafka-errors.ts';
import { type BrokerAccess, connectTo } from './kafka-operator.ts';

/** A connection that stays open, for as long as it is used. */
interface Kept {
  readonly connection: Promise<Connection>;
  lastUsedMs: number;
}

/** A connection to a broker. `isReused`: it has been there for a while, and the other side may have closed it since. */
export interface PooledConnection {
  readonly connection: Connection;
  readonly isReused: boolean;
}

/** Connections to the brokers of a cluster that we trust, one each. */
export interface BrokerPool {
  /** @param server `host:port` */
  connect(server: string): Promise<PooledConnection>;
  /** Those that there are connections to, then the cluster's bootstrap servers, those that have failed last. */
  servers(): Promise<string[]>;
  /** Closes all connections. What is under way is cut off. */
  close(): void;
}

/** A function that was frozen for longer finds its connections closed, or worse, still open on its own side only. */
const idleMs = 60_000;
/** For so long the cluster's addresses are taken to be right though a broker cannot be reached at its own. */
const accessMs = 30_000;

export function createBrokerPool(access: () => Promise<BrokerAccess>, now: () => number): BrokerPool {
  const pool = new Map<string, Kept>();
  let known: Promise<BrokerAccess> | undefined;
  let knownSinceMs = 0;
  const failed = new Set<string>();

  const currentAccess = (): Promise<BrokerAccess> => {
    if (known === undefined) knownSinceMs = now();
    const asked = (known ??= access());
    asked.catch(() => (known = undefined));
    return asked;
  };
  const open = (server: string): Kept => {
    const connection = currentAccess().then((how) => connectTo(how, server));
    const kept: Kept = { connection, lastUsedMs: now() };
    pool.set(server, kept);
    const forget = () => void (pool.get(server) === kept && pool.delete(server));
    connection.then(
      ({ socket }) => {
        failed.delete(server);
        if (socket.destroyed) forget();
        else socket.once('close', forget);
      },
      (error: unknown) => {
        failed.add(server);
        // The password may be another by now, or the brokers others: those are asked for at times, not at each try of each broker.
        const isRefused = kafkaErrorClass(error) === 'authentication';
        if (isRefused || now() - knownSinceMs > accessMs) known = undefined;
        forget();
      },
    );
    return kept;
  };

  return {
    async connect(server) {
      let kept = pool.get(server);
      if (kept && now() - kept.lastUsedMs > idleMs) {
        end(kept);
        kept = undefined;
      }
      const isReused = kept !== undefined;
      kept ??= open(server);
      kept.lastUsedMs = now();
      return { connection: await kept.connection, isReused };
    },

    async servers() {
      const { bootstrapServers } = await currentAccess();
      const [bad, good] = [[...failed], bootstrapServers.filter((server) => !failed.has(server))];
      return [...new Set([...pool.keys(), ...good, ...bad.filter((one) => bootstrapServers.includes(one))])];
    },

    close() {
      for (const kept of pool.values()) end(kept);
      pool.clear();
    },
  };
}

function end({ connection }: Kept): void {
  connection.then(
    ({ socket }) => socket.destroy(),
    () => {},
  );
}
