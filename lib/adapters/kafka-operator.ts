import { isIP } from 'node:net';
import { Connection, type ConnectionOptions, metadataV7, ResponseError } from '@platformatic/kafka';
import { StreamClusterFault } from '../app/ports/stream-cluster.ts';
import { kafkaErrorClass } from './kafka-errors.ts';

/** Brokers that we trust, and how to sign in to them. */
export interface BrokerAccess {
  /** `host:port` each. */
  readonly bootstrapServers: readonly string[];
  readonly tls: boolean;
  /** PEM; without it, the public authorities. */
  readonly certificateAuthority?: string;
  readonly sasl: NonNullable<ConnectionOptions['sasl']>;
}

/** Has a request made as the operator of a cluster. Rejects with `StreamClusterFault`. */
export type Operator = <Answer>(request: (connection: Connection) => Promise<Answer>) => Promise<Answer>;

const connectTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;

/** @throws what `kafkaErrorClass` knows */
export async function connectTo(access: BrokerAccess, server: string): Promise<Connection> {
  const { hostname: host, port } = new URL(`kafka://${server}`);
  const connection = new Connection('fanout', {
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    sasl: access.sasl,
    ...(access.tls && {
      tls: { ca: access.certificateAuthority },
      ...(isIP(host) === 0 && { tlsServerName: host }),
    }),
  });
  // What goes wrong reaches whoever waits for an answer.
  connection.on('error', () => {});
  try {
    await connection.connect(host, Number(port));
    return connection;
  } catch (error) {
    (connection.socket as typeof connection.socket | undefined)?.destroy();
    throw error;
  }
}

/** Keeps one connection to the cluster's controller, which alone takes all that operators ask for. */
export function createOperator(access: () => Promise<BrokerAccess>): Operator {
  let kept: Promise<Connection> | undefined;
  const operate: Operator = async (request) => {
    const isReused = kept !== undefined;
    const opening = (kept ??= access().then(connectToController));
    try {
      return await request(await opening);
    } catch (error) {
      kept = undefined;
      void opening.then(({ socket }) => socket.destroy()).catch(() => {});
      // An environment that was frozen holds a connection that the broker has long closed.
      if (isReused && !(error instanceof ResponseError)) return operate(request);
      throw faultOf(error);
    }
  };
  return operate;
}

async function connectToController(access: BrokerAccess): Promise<Connection> {
  const first = await connectToAny(access);
  let isKept = false;
  try {
    const { brokers, controllerId } = await metadataV7.api.async(first, [], false);
    const controller = brokers.find(({ nodeId }) => nodeId === controllerId);
    isKept = !controller || (controller.host === first.host && controller.port === first.port);
    return isKept ? first : await connectTo(access, `${controller!.host}:${controller!.port}`);
  } finally {
    if (!isKept) first.socket.destroy();
  }
}

/** The first of the bootstrap servers that lets us in. */
async function connectToAny(access: BrokerAccess): Promise<Connection> {
  let failure: unknown;
  for (const server of access.bootstrapServers) {
    try {
      return await connectTo(access, server);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const notPermitted = new Set(['authentication', 'authorization']);
/** What a broker says that another one, or the same one later, would not. */
const passing = /NOT_CONTROLLER|NOT_AVAILABLE|TIMED_OUT|THROTTLING/;

/** What a request that failed comes to. */
export function faultOf(error: unknown): StreamClusterFault {
  if (error instanceof StreamClusterFault) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (notPermitted.has(kafkaErrorClass(error))) return new StreamClusterFault('not_permitted', text, error);
  const names = error instanceof ResponseError ? namesIn(error) : undefined;
  if (!names) return new StreamClusterFault('unreachable', text, error);
  const isPassing = names.every((name) => passing.test(name));
  return new StreamClusterFault(isPassing ? 'unreachable' : 'refused', `${text}: ${names.join(', ')}`, error);
}

/** What a broker says is wrong with the parts of a request, by the names that Kafka's protocol gives it. */
function namesIn({ errors }: ResponseError): string[] {
  return errors.map((error) => String((error as { apiId?: string }).apiId ?? 'UNKNOWN'));
}

/**
 * Makes a request whose parts may fail in a way that means: it is as wanted already.
 * @param settled the name of that error
 */
export async function unless(settled: string, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ResponseError) || !namesIn(error).every((name) => name === settled)) throw error;
  }
}
