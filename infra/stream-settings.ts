import { type Check, checkSelfManaged, whole } from './source-problems.ts';
import { localListeners, type SelfManagedCluster } from './source-settings.ts';

/** Where orgs have their own topics, and how much of them there may be. */
export interface StreamSettings {
  /**
   * The MSK cluster that the deploy makes, or another Kafka, 2.7 or later: there `credentials` are those of an operator, who
   * may make topics, users and ACLs.
   */
  readonly cluster: { readonly kind: 'msk' } | SelfManagedCluster;
  /** Users of the cluster, 1 to 100000, all others counted too. An org has one, during rotations two. MSK takes 1000. */
  readonly mostUsers: number;
  /**
   * Partitions of the cluster without their replicas, 4 to 1000000, all others counted too. An org has at least four. On MSK stay
   * a fifth below the most that its brokers take: it lists topics up to a minute late, in which others are made, and a cluster
   * that has more than that can no longer be changed.
   */
  readonly mostPartitions: number;
}

/** What of a stage decides whether its streams can be built. */
interface StreamsOfStage {
  readonly name: string;
  readonly region: string;
  readonly streams: StreamSettings;
}

/** Checks the cluster, and what streams may put on it. */
export function checkStreams(settings: StreamsOfStage, check: Check): void {
  const { cluster, mostUsers, mostPartitions } = settings.streams;
  const isMsk = cluster.kind === 'msk';
  check(
    whole(mostUsers, 1, isMsk ? 1000 : 100_000),
    'streams.mostUsers',
    isMsk ? 'must be from 1 to 1000, which is all that MSK takes' : 'must be from 1 to 100000',
  );
  check(whole(mostPartitions, 4, 1_000_000), 'streams.mostPartitions', 'must be from 4 to 1000000');
  if (cluster.kind === 'msk') return;
  checkSelfManaged(cluster, settings, 'streams', check);
  check(
    cluster.authentication !== 'none',
    'streams.cluster.authentication',
    "must not be 'none': users and ACLs are an operator's to make",
  );
}

/** How consumers and we reach a cluster that is not MSK's: over TLS, but for the local broker's other listener. */
export function securityProtocol({ bootstrapServers }: SelfManagedCluster): 'SASL_SSL' | 'SASL_PLAINTEXT' {
  return bootstrapServers.includes(localListeners.saslPlaintext) ? 'SASL_PLAINTEXT' : 'SASL_SSL';
}
