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

/** What a stream wants of a cluster. */
export interface StreamNeed {
  readonly topics: readonly string[];
  /** Of each topic. */
  readonly partitions: number;
  readonly usernames: readonly string[];
}

/** What there is no room for. */
export interface Shortage {
  readonly of: 'users' | 'partitions';
  readonly used: number;
  readonly most: number;
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
