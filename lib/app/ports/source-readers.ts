/** Who reads a source: the user that the deploy makes for it. */
export interface SourceReader {
  readonly username: string;
  readonly topic: string;
  readonly consumerGroup: string;
}

/** Rights on the Kafka cluster of the stage. Every call may be repeated, and after any failure. All reject with `StreamClusterFault`. */
export interface SourceReaders {
  /** Lets a user read this topic in this group, and do nothing else that he may have been let do. */
  letRead(reader: SourceReader): Promise<void>;
  /** Takes all rights from a user. */
  letReadNothing(username: string): Promise<void>;
}
