/** An idempotency key, and the event that wants it. */
export interface Claim {
  readonly key: string;
  readonly eventId: string;
  /** What the event came of. Another event of it may take its key over: it is the same thing, read otherwise. */
  readonly origin: string;
}

export interface ClaimStore {
  /**
   * Claims idempotency keys for events, for the idempotency window. Of many calls at once exactly one event gets a key;
   * what came of the same origin gets it again, because unacknowledged records come again.
   * @param scope what the keys are unique in: a source, or an org
   * @param claims each with another key
   * @returns the id of the event that has each key, in their order
   */
  claim(scope: string, claims: readonly Claim[]): Promise<string[]>;
  /** @returns the id of the event that has the key, if one has; nothing is claimed */
  holder(scope: string, key: string): Promise<string | undefined>;
}
