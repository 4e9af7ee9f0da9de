/** How much streams may put on a cluster, everything else on it counted too. */
export interface ClusterCapacity {
  readonly mostUsers: number;
  /** Without their replicas. */
  readonly mostPartitions: number;
}

/** What is on a cluster. */
export interface ClusterContents {
  /** Topics with their number of partitions. */
  readonly topics: ReadonlyMap<string, number>;
  readonly usernames: ReadonlySet<string>;
}

/**
 * How many partitions the topics of one org have at most, so that none takes what the cluster has for all: 25 of each of the four
 * that every stream has, or four of each of 24 and one more.
 */
export const mostOrgPartitions = 100;

/** What a stream wants of a cluster. */
export interface StreamNeed {
  readonly topics: readonly string[];
  /** Of each topic. */
  readonly partitions: number;
  readonly usernames: readonly string[];
}

/** What there is no room for. */
export interface Shortage {
  readonly of: 'users' | 'partitions' | 'partitions of the org';
  readonly used: number;
  readonly most: number;
}

/**
 * Whether an org may have no more topics of its stream.
 * @param topics how many it has
 * @param more how many are to be made
 * @param partitions of each
 */
export function orgShortage(topics: number, more: number, partitions: number): Shortage | undefined {
  if (more === 0 || (topics + more) * partitions <= mostOrgPartitions) return undefined;
  return { of: 'partitions of the org', used: topics * partitions, most: mostOrgPartitions };
}

/**
 * What of that which a stream needs and has not there is no room for. A stream that is complete is never short of anything,
 * even on a cluster that has more than it may.
 */
export function shortageOf(
  need: StreamNeed,
  { topics, usernames }: ClusterContents,
  { mostUsers, mostPartitions }: ClusterCapacity,
): Shortage | undefined {
  const partitions = [...topics.values()].reduce((sum, ofTopic) => sum + ofTopic, 0);
  const morePartitions = need.topics.filter((topic) => !topics.has(topic)).length * need.partitions;
  const moreUsers = need.usernames.filter((username) => !usernames.has(username)).length;
  if (morePartitions > 0 && partitions + morePartitions > mostPartitions)
    return { of: 'partitions', used: partitions, most: mostPartitions };
  if (moreUsers > 0 && usernames.size + moreUsers > mostUsers)
    return { of: 'users', used: usernames.size, most: mostUsers };
  return undefined;
}
