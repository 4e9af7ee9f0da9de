import { localListeners } from '../source-settings.ts';
import type { KafkaAccess } from './engines/engine.ts';
import type { Engines } from './engines/engines.ts';
import type { Workshop } from './resource-kind.ts';
import { localSecret, readCertificateAuthority, readCredentials } from './source-secrets.ts';

/** What an event source mapping says of how its brokers are reached. */
export interface SourceAccess {
  /** Undefined: the MSK cluster, which is this machine's Kafka. */
  readonly bootstrapServers: readonly string[] | undefined;
  readonly configurations: readonly { readonly Type: SourceAccessType; readonly URI: string }[];
}

export const sourceAccessTypes = [
  'BASIC_AUTH',
  'SASL_SCRAM_256_AUTH',
  'SASL_SCRAM_512_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  // Everything is on one machine: these two change nothing.
  'VPC_SUBNET',
  'VPC_SECURITY_GROUP',
] as const;

type SourceAccessType = (typeof sourceAccessTypes)[number];

const mechanisms: Partial<Record<SourceAccessType, KafkaAccess['saslMechanism']>> = {
  BASIC_AUTH: 'PLAIN',
  SASL_SCRAM_256_AUTH: 'SCRAM-SHA-256',
  SASL_SCRAM_512_AUTH: 'SCRAM-SHA-512',
};

/**
 * How a poller reaches a source's brokers.
 *
 * - The MSK cluster: with IAM, which this machine does not know, its administrator reads; with a user's secret, that
 *   user does. A given Kafka has no such user, so there whoever was given reads.
 * - A listener of this machine's own broker: as the templates say, with the secrets that its operator would have made.
 * - Any other Kafka: as Lambda would, over TLS.
 * @throws Error for a listener that this machine's broker has not, or a secret that is not there or holds nothing fit
 */
export function sourceAccess(
  { bootstrapServers, configurations }: SourceAccess,
  { engines, secrets }: Pick<Workshop, 'engines' | 'secrets'>,
): KafkaAccess {
  if (!bootstrapServers && engines.origin.kafka === 'given') return engines.kafka;
  const listener = bootstrapServers && localListener(bootstrapServers, engines);
  const secretText = (arn: string): string => {
    const text = secrets.find(arn)?.value ?? (listener && localSecret(listener));
    if (text === undefined)
      throw new Error(`the templates make no secret ${arn}: say in FANOUT_SECRETS what it holds`);
    return text;
  };
  return configurations.reduce<KafkaAccess>(
    (access, { Type, URI }) => {
      if (Type === 'SERVER_ROOT_CA_CERTIFICATE')
        return { ...access, certificateAuthority: readCertificateAuthority(URI, secretText(URI)) };
      const saslMechanism = mechanisms[Type];
      if (!saslMechanism) return access;
      const securityProtocol = access.securityProtocol === 'SSL' ? 'SASL_SSL' : access.securityProtocol;
      return { ...access, ...readCredentials(URI, secretText(URI)), saslMechanism, securityProtocol };
    },
    bootstrapServers ? withoutSecrets(bootstrapServers, listener) : engines.kafka,
  );
}

/** Only what the templates say themselves: user and authority come from their secrets. */
function withoutSecrets(bootstrapServers: readonly string[], listener: KafkaAccess | undefined): KafkaAccess {
  return {
    bootstrapServers: listener?.bootstrapServers ?? bootstrapServers.join(','),
    username: '',
    password: '',
    saslMechanism: 'SCRAM-SHA-512',
    // Lambda refuses SASL without TLS, and a cluster without SASL still has TLS.
    securityProtocol: listener?.securityProtocol ?? 'SSL',
  };
}

/**
 * The listener of this machine's own broker that is meant; undefined for any other server.
 * @throws Error when the broker has not got it
 */
export function localListener(
  bootstrapServers: readonly string[],
  engines: Engines,
): KafkaAccess | undefined {
  const [server = ''] = bootstrapServers;
  const protocol = {
    [localListeners.saslPlaintext]: 'SASL_PLAINTEXT',
    [localListeners.saslSsl]: 'SASL_SSL',
  }[server];
  if (protocol === undefined) return undefined;
  const found = [engines.kafka, engines.kafkaTls].find((access) => access?.securityProtocol === protocol);
  if (found) return found;
  const why =
    engines.origin.kafka === 'given' ? 'the Kafka of KAFKA_BROKERS' : "the container's Kafka, unlike Java's,";
  throw new Error(`${server}: ${why} has no ${protocol} listener`);
}
