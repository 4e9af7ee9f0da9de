import { pbkdf2, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { alterUserScramCredentialsV0, describeUserScramCredentialsV0 } from '@platformatic/kafka';
import type { StreamUser } from '../core/stream.ts';
import { kafkaErrorClass } from './kafka-errors.ts';
import { type BrokerAccess, connectTo, faultOf, type Operator, unless } from './kafka-operator.ts';

/** Kafka's least. Passwords of 256 random bits gain nothing by more. */
const iterations = 4096;
/** SCRAM-SHA-512 in Kafka's protocol. */
const scramSha512 = 2;
/** A new password is known to all brokers some hundred milliseconds after one has taken it. */
const knownAfterMs = 3_000;
const betweenTriesMs = 100;

const derive = promisify(pbkdf2);

/** Gives a user this password, whether he was there or not. */
export async function setScramUser(operate: Operator, { username, password }: StreamUser): Promise<void> {
  const salt = randomBytes(16);
  const saltedPassword = await derive(password, salt, iterations, 64, 'sha512');
  const user = { name: username, mechanism: scramSha512, iterations, salt, saltedPassword };
  await operate((connection) => alterUserScramCredentialsV0.api.async(connection, [], [user]));
}

export async function removeScramUser(operate: Operator, username: string): Promise<void> {
  const user = { name: username, mechanism: scramSha512 };
  await operate((connection) =>
    unless('RESOURCE_NOT_FOUND', alterUserScramCredentialsV0.api.async(connection, [user], [])),
  );
}

export async function scramUsernames(operate: Operator): Promise<Set<string>> {
  const { results } = await operate((connection) =>
    describeUserScramCredentialsV0.api.async(connection, null),
  );
  return new Set(results.map(({ user }) => user));
}

/** Whether every bootstrap server that answers lets a user in, now or within seconds: one that is away learns of him when it is back. */
export async function letScramUserIn(
  access: Omit<BrokerAccess, 'sasl'>,
  { username, password }: StreamUser,
  withinMs = knownAfterMs,
): Promise<boolean> {
  const sasl = { mechanism: 'SCRAM-SHA-512' as const, username, password };
  const deadline = performance.now() + withinMs;
  const isLetIn = async (server: string): Promise<boolean> => {
    while (!(await signsIn({ ...access, sasl }, server))) {
      if (performance.now() >= deadline) return false;
      await wait(betweenTriesMs);
    }
    return true;
  };
  const servers = await Promise.allSettled(access.bootstrapServers.map(isLetIn));
  const answers = servers.flatMap((server) => (server.status === 'fulfilled' ? [server.value] : []));
  const failures = servers.flatMap((server) =>
    server.status === 'rejected' ? [server.reason as unknown] : [],
  );
  if (answers.length === 0) throw faultOf(failures[0]);
  return !answers.includes(false);
}

async function signsIn(access: BrokerAccess, server: string): Promise<boolean> {
  try {
    const connection = await connectTo(access, server);
    connection.socket.destroy();
    return true;
  } catch (error) {
    if (kafkaErrorClass(error) === 'authentication') return false;
    throw faultOf(error);
  }
}
