/** Tells a function to go on with jobs. */
export interface JobQueue {
  /**
   * Sends all or rejects; one that gets lost is sent again by the sweep.
   * @param delayMs to wait, 15 minutes at most
   */
  send(ids: readonly string[], delayMs?: number): Promise<void>;
}

/** What has the sweep send a job's message again when the job stands still. */
export interface JobWatch {
  /** @param dueMs when it has stood still for too long, milliseconds since 1970; replaces what was said before */
  expect(id: string, dueMs: number): Promise<void>;
  /** The job has ended. */
  forget(id: string): Promise<void>;
}
