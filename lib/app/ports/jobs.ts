/** Tells a function to go on with jobs. */
export interface JobQueue {
  /**
   * Sends all or rejects; one that gets lost is sent again by the sweep.
   * @param delayMs to wait, 15 minutes at most
   * @param orgId whose jobs they are: where one org has many, those of others do not wait for all of them
   */
  send(ids: readonly string[], delayMs?: number, orgId?: string): Promise<void>;
}

/** What has the sweep send a job's message again when the job stands still. */
export interface JobWatch {
  /**
   * @param dueMs when it has stood still for too long, milliseconds since 1970; replaces what was said before
   * @param countedFor the org whose `running` counts it
   */
  expect(id: string, dueMs: number, countedFor?: string): Promise<void>;
  /** How many jobs of an org have not ended, up to `most`. May lag behind by a moment. */
  running(orgId: string, most: number): Promise<number>;
  /** The job has ended. */
  forget(id: string): Promise<void>;
}
