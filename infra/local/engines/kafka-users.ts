import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { alterUserScramCredentialsV0, Connection } from '@platformatic/kafka';
import type { KafkaAccess } from './engine.ts';

/** Kafka's least. */
const iterations = 4096;
/** SCRAM-SHA-512 in Kafka's protocol. */
const scramSha512 = 2;

/**
 * Gives a user its password for SCRAM-SHA-512, whether it was there or not. The user is let in a moment later.
 * kafkajs has no such call.
 * @param access an administrator's
 * @throws Error when the broker refuses
 */
export async function setKafkaUser(access: KafkaAccess, username: string, password: string): Promise<void> {
  const connection = new Connection('fanout', {
    connectTimeout: 5_000,
    requestTimeout: 5_000,
    ...(access.securityProtocol.startsWith('SASL_') && {
      sasl: { mechanism: access.saslMechanism, username: access.username, password: access.password },
    }),
    ...(access.securityProtocol.endsWith('SSL') && { tls: { ca: access.certificateAuthority } }),
  });
  const [server = ''] = access.bootstrapServers.split(',');
  const { hostname, port } = new URL(`kafka://${server}`);
  try {
    await connection.connect(hostname, Number(port));
    const salt = randomBytes(16);
    const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
    const user = { name: username, mechanism: scramSha512, iterations, salt, saltedPassword };
    await alterUserScramCredentialsV0.api.async(connection, [], [user]);
  } finally {
    await connection.close();
  }
}
