import type { SourceDescription } from '../lib/core/source.ts';

/** A Kafka topic that Fanout ingests. Infrastructure: changed by a deploy, not at run time. */
export interface SourceSettings {
  /**
   * The source's number in event ids, 1 to 1023. It must never change and never be given to another source:
   * ids that are out in the world are decoded with it.
   */
  readonly number: number;
  /** Where the topic is, and how its records are read. */
  readonly cluster: SourceCluster;
  /** The topic. The deploy makes it on our own cluster, unless `topicExists`; on a self-managed one it must be there already. */
  readonly topic: string;
  /**
   * Partitions of the topic, 1 to 16383: of one that the deploy makes, else how many the topic has.
   * Also the most invocations at once.
   */
  readonly partitions: number;
  /** Consumer group of the event source mapping; fixed once it is created, and no other source's. */
  readonly consumerGroupId: string;
  /** Records in one invocation at most, 1 to 1000. */
  readonly batchSize: number;
  /** Seconds to wait for a batch to fill, 0 to 300. 0 hands on what is there. */
  readonly batchWindowSeconds: number;
  /** Workers that read the topic. Lambda scales between the two by how far they lag behind, and bills the least. */
  readonly pollers: {
    /** 1 to 200. */
    readonly minimum: number;
    /** `minimum` to 2000. */
    readonly maximum: number;
  };
  /**
   * Records a second over all partitions until the API sets another rate, a whole number from 1; without it, as fast
   * as they come. `leastRateLimit` says how low it may be.
   */
  readonly rateLimit?: number;
}

export type SourceCluster = OwnCluster | SelfManagedCluster;

/** The stage's own MSK cluster: its setting `cluster`. */
export interface OwnCluster {
  readonly kind: 'msk';
  /**
   * - `iam`: the function's role may read the topic, and nothing else is needed.
   * - `scram-sha-512`: the deploy makes the user `fanout-<stage>-<source>` with its secret, and lets it read the topic and the
   *   consumer group. MSK may take ten minutes to let a new user in; records wait until then.
   */
  readonly authentication: 'iam' | 'scram-sha-512';
  /**
   * The topic is there already, and stays as it is: the deploy would fail where it makes a topic of a name that there is. Also
   * for a source that comes back after its topic was kept. The local stage makes it all the same.
   */
  readonly topicExists?: boolean;
}

/** A Kafka that Fanout does not run. Always over TLS: Lambda refuses SASL without it. */
export interface SelfManagedCluster {
  readonly kind: 'self-managed';
  /** 1 to 10 of `host:port`, as the brokers are reached by Lambda. The local stage also has those of `localListeners`. */
  readonly bootstrapServers: readonly string[];
  /** How we sign in. Lambda takes `none` only inside a VPC. */
  readonly authentication: 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'none';
  /** Holds `{"username": …, "password": …}`. Needed but with `none`. */
  readonly credentials?: StoredSecret;
  /** Holds `{"certificate": "<PEM>"}`: the authority of the brokers' certificates, where no public one signed them. */
  readonly certificateAuthority?: StoredSecret;
  /** Where the brokers are reached inside a VPC of the account; without it, over the Internet. */
  readonly network?: {
    /** 1 to 16. */
    readonly subnetIds: readonly string[];
    /** 1 to 5. */
    readonly securityGroupIds: readonly string[];
  };
}

/** A secret of Secrets Manager that somebody else made, in the stage's own region. */
export interface StoredSecret {
  /** The whole ARN, with the six characters that Secrets Manager puts at its end. */
  readonly secretArn: string;
  /** The KMS key that encrypts it, where that is a key of the customer's. */
  readonly keyArn?: string;
}

/**
 * Bootstrap servers that only the local stage may name: listeners of the machine's own broker, whose ports are not
 * known before it runs. The machine knows what the secrets of such a source hold, and makes its topic.
 */
export const localListeners = {
  /** SASL without TLS, which Lambda would refuse. */
  saslPlaintext: 'sasl-plaintext.kafka.localhost:9092',
  saslSsl: 'sasl-ssl.kafka.localhost:9096',
} as const;

/** Stands, on the local stage, for the authority that signed the certificate of the machine's own broker; the machine knows it. */
export const localAuthority = 'local-broker-authority';

/** Holds, on the local stage, what the operator of the machine's own broker signs in with; the machine knows it. */
export const localOperator: StoredSecret = {
  secretArn: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:kafka-operator-local0',
};

/** What functions are told of the sources. Small: all sources of a stage go into one environment variable. */
export function sourceDescriptions(sources: Readonly<Record<string, SourceSettings>>): SourceDescription[] {
  return Object.entries(sources).map(
    ([name, { number, topic, partitions, batchSize, rateLimit, cluster }]) => ({
      name,
      number,
      topic,
      partitions,
      batchSize,
      ...(rateLimit !== undefined && { rateLimit }),
      cluster: `${cluster.kind}/${cluster.authentication}`,
    }),
  );
}

/** Whether it is read as a user of our own cluster, not by the function's role. */
export function readsAsUser({ cluster }: SourceSettings): boolean {
  return cluster.kind === 'msk' && cluster.authentication === 'scram-sha-512';
}

/** Whether the deploy makes its topic. */
export function hasMadeTopic({ cluster }: SourceSettings, stage: string): boolean {
  return cluster.kind === 'msk' && (stage === 'local' || !cluster.topicExists);
}
