import type { ClusterCapacity } from './stream-capacity.ts';

/** The cluster that streams are on, as the stage's settings say. */
export type StreamClusterSettings = ClusterCapacity & (MskSettings | KafkaSettings);

/** What of them it takes to write to streams. */
export type StreamProducerSettings = MskCluster | KafkaSettings;

/** The MSK cluster of the stage. */
export interface MskCluster {
  readonly kind: 'msk';
  readonly clusterArn: string;
  readonly region: string;
}

/** The same, with what it takes to make topics and users on it. */
export interface MskSettings extends MskCluster {
  /** Names of users' secrets begin with it; MSK wants `AmazonMSK_`. */
  readonly secretPrefix: string;
  /** The customer's key that encrypts them: MSK takes no other. */
  readonly keyArn: string;
  /** Replicas of each topic. */
  readonly replication: number;
  readonly minInSyncReplicas: number;
}

/** Any Kafka but MSK. */
export interface KafkaSettings {
  readonly kind: 'self-managed';
  readonly bootstrapServers: readonly string[];
  readonly securityProtocol: 'SASL_SSL' | 'SASL_PLAINTEXT';
  readonly saslMechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** The ARN of a secret that holds an operator's `{"username", "password"}`. */
  readonly credentials: string;
  /** The ARN of a secret that holds `{"certificate"}`. */
  readonly certificateAuthority?: string;
}
