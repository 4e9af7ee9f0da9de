export interface ClaimStore {
  /**
   * Claims an idempotency key for an event, for the idempotency window. Of many calls at once exactly one event gets it;
   * an event that has it already gets it again, because unacknowledged records come again.
   * @param scope what the key is unique in: a source, or an org
   * @returns the id of the event that has the key
   */
  claim(scope: string, key: string, eventId: string): Promise<string>;
}
