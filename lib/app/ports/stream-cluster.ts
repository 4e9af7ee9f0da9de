import type { StreamConnection, StreamErrorClass, StreamUser } from '../../core/stream.ts';
import type { Shortage, StreamNeed } from '../../core/stream-capacity.ts';

/** `underway`: it was begun, or is there but not everywhere; asking again tells. */
export type Progress = 'done' | 'underway';

/** What a user may read: these topics, in groups with this prefix, and nothing else. */
export interface ReadRights {
  readonly topics: readonly string[];
  readonly groupPrefix: string;
}

/**
 * The Kafka cluster that streams are on. Every call may be repeated, and after any failure: it does what is missing.
 * All reject with `StreamClusterFault`.
 */
export interface StreamCluster {
  /** How long what was made may not show: until then, that it is not there does not tell that it is gone. Milliseconds. */
  readonly showsAfterMs: number;
  /** How consumers connect. */
  connection(): Promise<StreamConnection>;
  /** What of that which is missing there is no room for; undefined when there is room for all. */
  shortage(need: StreamNeed): Promise<Shortage | undefined>;
  /**
   * Which of these topics are there, whoever has made them, as the brokers know it at this moment.
   * @param partitions as many as they are to have where they are not
   */
  existingTopics(topics: readonly string[], partitions: number): Promise<readonly string[]>;
  /** Makes the topics that are missing. Those that are there stay as they are. */
  ensureTopics(topics: readonly string[], partitions: number): Promise<Progress>;
  /** Gives a user this password for SCRAM-SHA-512. */
  ensureUser(user: StreamUser): Promise<Progress>;
  /** Lets a user read this, and do nothing else that he may have been let do. */
  ensureAcls(username: string, rights: ReadRights): Promise<void>;
  /** Whether the brokers let a user in with this password. */
  letsIn(user: StreamUser): Promise<boolean>;
  /** Takes all rights from a user. Consumers that are connected as he is are refused from their next request on. */
  removeAcls(username: string): Promise<void>;
  removeUser(username: string): Promise<Progress>;
  /** Removes topics with all that is in them. */
  removeTopics(topics: readonly string[]): Promise<Progress>;
}

/** The cluster did not do what it was asked to. The message is for the log: an org sees the class only. */
export class StreamClusterFault extends Error {
  readonly class: Exclude<StreamErrorClass, 'capacity' | 'topic_taken'>;

  constructor(faultClass: StreamClusterFault['class'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StreamClusterFault';
    this.class = faultClass;
  }
}
