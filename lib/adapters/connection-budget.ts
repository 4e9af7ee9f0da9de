/**
 * How many connections may be open at once, over all endpoints: a Lambda environment has 1,024 file descriptors, and
 * the tables and queues need some too.
 */
export class ConnectionBudget {
  #free: number;
  readonly #closeIdle: () => number;
  readonly #waiting = new Set<() => void>();

  /** @param closeIdle closes the connections of some endpoint that has no use for them; returns how many they were */
  constructor(most: number, closeIdle: () => number) {
    this.#free = most;
    this.#closeIdle = closeIdle;
  }

  /**
   * Takes one connection.
   * @param tryAgain called once when it may be worth trying again
   * @returns whether there was one
   */
  take(tryAgain: () => void): boolean {
    if (this.#free === 0) this.#free += this.#closeIdle();
    if (this.#free === 0) {
      this.#waiting.add(tryAgain);
      return false;
    }
    this.#free--;
    return true;
  }

  /** Tells that an endpoint's connections have become idle, so that others may have them. */
  idle(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const tryAgain of waiting) tryAgain();
  }
}
