/** Tells the replay function to go on with replays. */
export interface ReplayQueue {
  /**
   * Sends all or rejects; one that gets lost is sent again by the sweep.
   * @param delayMs to wait, 15 minutes at most
   */
  send(ids: readonly string[], delayMs?: number): Promise<void>;
}

/** What has the sweep send a replay's message again when the replay stands still. */
export interface ReplayWatch {
  /** @param dueMs when it has stood still for too long, milliseconds since 1970; replaces what was said before */
  expect(id: string, dueMs: number): Promise<void>;
  /** The replay has ended. */
  forget(id: string): Promise<void>;
}
