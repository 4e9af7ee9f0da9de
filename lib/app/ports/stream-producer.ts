/** A record for an org's stream. */
export interface StreamRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a record stands. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: string;
}

/** Why records could not be produced, for whoever called: nothing of them is in the topic. */
export class StreamMissing extends Error {}

/** Writes to topics on the cluster that streams are on. */
export interface StreamProducer {
  /**
   * Looks whether topics are there, before anything is written to one of them.
   * @param endMs nobody waits for it any longer then, milliseconds since 1970; `send` is to have the same
   * @throws StreamMissing when one is not; a cluster that cannot be asked is left to `send`
   */
  expectTopics(topics: readonly string[], endMs: number): Promise<void>;
  /**
   * Writes records in one send, in their order for each key, and waits until all in-sync replicas have them.
   * @param topic the whole name, with the org
   * @param endMs no record is sent after it, also where the process was frozen meanwhile: the caller has been told that it failed
   * @returns where each stands, in their order
   * @throws StreamMissing when there is no such topic
   * @throws any other error when the outcome is unknown: some or all may be there
   */
  send(topic: string, records: readonly StreamRecord[], endMs: number): Promise<readonly RecordPlace[]>;
}
