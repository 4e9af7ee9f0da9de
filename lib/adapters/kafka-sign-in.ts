import {
  AuthenticationError,
  type ConnectionOptions,
  type SASLMechanismValue,
  saslPlain,
  saslScramSha,
} from '@platformatic/kafka';
import type { KafkaTarget, SaslMechanism } from '../core/kafka-target.ts';

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const satisfies Record<SaslMechanism, SASLMechanismValue>;

const scramAlgorithms = { 'SCRAM-SHA-256': 'SHA-256', 'SCRAM-SHA-512': 'SHA-512' } as const;

/** Kafka's own is 4,096. The broker names it and we do the work, so one that we do not know gets no more than a moment. */
const mostIterations = 100_000;

/** How the client signs in to a tenant's broker, which it must not trust. */
export function signIn(target: KafkaTarget): NonNullable<ConnectionOptions['sasl']> {
  const { username, password } = target;
  const mechanism = mechanisms[target.saslMechanism];
  return {
    mechanism,
    username,
    password,
    authenticate: (_mechanism, connection, exchange, _username, _password, _token, callback) => {
      // Without an end of the session to know of, the client does not sign in again within it: it would do so as often as
      // a broker likes. A broker that ends the session closes the connection, and a new one is made.
      const done: typeof callback = (error, answer) => callback(error, { ...answer!, sessionLifetimeMs: 0n });
      if (mechanism === 'PLAIN')
        return saslPlain.authenticate(exchange, connection, username, password, done);
      const algorithm = scramAlgorithms[mechanism];
      saslScramSha.authenticate(exchange, connection, algorithm, username, password, boundedCrypto, done);
    },
  };
}

const boundedCrypto: saslScramSha.ScramCryptoModule = {
  ...saslScramSha.defaultCrypto,
  async hi(definition, password, salt, iterations) {
    // What is no number is not more, either.
    if (!(iterations <= mostIterations))
      throw new AuthenticationError('the broker asks for too many iterations');
    return saslScramSha.hi(definition, password, salt, iterations);
  },
};
