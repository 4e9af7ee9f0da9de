import type { LookupAddress } from 'node:dns';
import { type Socket, isIP } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { Connection } from '@platformatic/kafka';
import type { KafkaTarget } from '../core/kafka-target.ts';
import { type AddressGuard, notAllowed } from './address-guard.ts';
import { kafkaErrorClass } from './kafka-errors.ts';
import { signIn } from './kafka-sign-in.ts';
import type { SocketPlace } from './kafka-socket-places.ts';
import { shieldSocket } from './kafka-socket.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens a connection to a broker of the target, signed in. Rejects with what `kafkaErrorClass` knows.
 * @param place is given back when the connection is closed, or was not opened
 * @param timeoutMs the most it may take: 8 s, or less
 */
export type OpenConnection = (
  target: KafkaTarget,
  broker: BrokerAddress,
  place: SocketPlace,
  timeoutMs?: number,
) => Promise<Connection>;

export interface ConnectionSettings {
  readonly guard: AddressGuard;
  /** PEM, trusted beside the authorities that Node.js knows. */
  readonly certificateAuthorities: readonly string[];
}

/** With signing in, which takes six round trips or more: enough for a broker on the other side of the world. */
const connectTimeoutMs = 5_000;
/** Of a name with several addresses, all but the last must be reached by then: one that does not answer must not cost the attempt. */
const reachFirstMs = 1_000;
const mostAddresses = 4;
/** All in all, with names to look up and signing in. */
const openTimeoutMs = 8_000;
/** Each request has a limit of its own; this is for those that nobody waits for any more. */
const requestTimeoutMs = 60_000;

/** Opens connections to brokers that tenants name, or that those advertise: only where the guard lets them go. */
export function createOpener(settings: ConnectionSettings): OpenConnection {
  const { guard, certificateAuthorities } = settings;
  let secureContext: SecureContext | undefined;

  const connect = async (
    target: KafkaTarget,
    { host, port }: BrokerAddress,
    ip: string,
    signal: AbortSignal,
    reachMs = connectTimeoutMs,
  ): Promise<Connection> => {
    signal.throwIfAborted();
    const connection = new Connection('fanout', {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      sasl: signIn(target),
      ...(target.tls && {
        tls: {
          secureContext: (secureContext ??= createSecureContext({
            ca: [...rootCertificates, ...certificateAuthorities],
          })),
        },
        // An IP address is checked against the certificate, too, but is no name to ask for.
        ...(isIP(host) === 0 && { tlsServerName: host }),
      }),
    });
    // What goes wrong reaches whoever waits for an answer.
    connection.on('error', () => {});
    const destroy = (error?: Error) => void (connection.socket as Socket | undefined)?.destroy(error);
    signal.addEventListener('abort', () => destroy());
    const timer = setTimeout(() => destroy(tooLong()), reachMs);
    try {
      const connected = connection.connect(ip, port);
      shieldSocket(connection.socket);
      connection.socket.once('connect', () => clearTimeout(timer));
      await connected;
      return connection;
    } catch (error) {
      // There is none when the port was none. The client only ends its own side, which the other may never do.
      destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  const connectToAny = async (
    target: KafkaTarget,
    broker: BrokerAddress,
    signal: AbortSignal,
  ): Promise<Connection> => {
    const addresses = (await resolve(guard, broker.host)).slice(0, mostAddresses);
    for (const ip of addresses.slice(0, -1)) {
      try {
        return await connect(target, broker, ip, signal, reachFirstMs);
      } catch (error) {
        if (signal.aborted || kafkaErrorClass(error) === 'authentication') throw error;
      }
    }
    return connect(target, broker, addresses.at(-1)!, signal);
  };

  return async (target, broker, place, timeoutMs = openTimeoutMs) => {
    const timedOut = tooLong();
    const over = new AbortController();
    const isOver = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => {
        isOver.reject(timedOut);
        over.abort(timedOut);
      },
      Math.min(timeoutMs, openTimeoutMs),
    );
    try {
      const connection = await Promise.race([connectToAny(target, broker, over.signal), isOver.promise]);
      if (connection.socket.closed) place();
      else connection.socket.once('close', place);
      return connection;
    } catch (error) {
      place();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}

function tooLong(): Error {
  return Object.assign(new Error('the broker took too long'), { code: 'ETIMEDOUT' });
}

/**
 * Sends a request and closes the connection when the answer does not come in time: a broker that hangs keeps everything
 * behind it waiting.
 */
export async function within<Answer>(
  connection: Connection,
  timeoutMs: number,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const timer = setTimeout(() => connection.socket.destroy(), timeoutMs);
  try {
    return await request();
  } finally {
    clearTimeout(timer);
  }
}

/** The addresses of a host, all of which may be connected to. The socket gets the address, so that it cannot change. */
async function resolve(guard: AddressGuard, host: string): Promise<string[]> {
  if (isIP(host) !== 0) {
    if (!guard.allows(host)) throw notAllowed(host);
    return [host];
  }
  const found = await new Promise<LookupAddress[]>((resolve, reject) =>
    guard.lookup(host, { all: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses as LookupAddress[]),
    ),
  );
  return found.map(({ address }) => address);
}
