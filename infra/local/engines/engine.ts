/** What the parts of `engines/` share: the names of the three engines, access to them, and the error that says what is missing. */

/** An engine of the local machine: the broker, the table store, the queues. */
export type EngineName = 'kafka' | 'dynamodb' | 'sqs';

/** Where an engine comes from: given by the environment, a container, or a Java program of ours. */
export type EngineOrigin = 'given' | 'container' | 'java';

/** Which of the engines something is about. */
export type Wanted = ReadonlySet<EngineName>;

/** The values that `KAFKA_SASL_MECHANISM` may have. */
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** The values that `KAFKA_SECURITY_PROTOCOL` may have. */
export const securityProtocols = ['SASL_PLAINTEXT', 'SASL_SSL', 'PLAINTEXT', 'SSL'] as const;

/** All that a client needs to reach a Kafka. With the protocols PLAINTEXT and SSL, user name and password are empty. */
export interface KafkaAccess {
  /** `host:port`, several separated by commas. */
  bootstrapServers: string;
  username: string;
  password: string;
  saslMechanism: (typeof saslMechanisms)[number];
  securityProtocol: (typeof securityProtocols)[number];
  /** PEM. Absent: the certificate authorities that the machine trusts. */
  certificateAuthority?: string;
}

/** An engine that runs as a process of ours. */
export interface EngineProcess {
  name: EngineName;
  /** Of the process that runs now, or ran last: another one after a restart. */
  pid: number;
  /** Ends it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same ports (Kafka: with the same data) and waits until it serves. */
  restart(): Promise<void>;
}

export interface EngineOptions {
  /** For tests: what starts fastest. Without it DynamoDB Local takes longer to start and then serves half again as much. */
  fast?: boolean;
  /** Takes progress lines for a person. */
  say(line: string): void;
}

/** Something that one or more of the engines need is not on this machine. The message is one line: what, and what would do. */
export class MissingEngines extends Error {
  override name = 'MissingEngines';
}

/** For messages: "Kafka, DynamoDB Local and ElasticMQ". */
export function listed(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
