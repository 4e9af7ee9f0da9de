import type { EndpointKey } from '../../core/endpoint.ts';
import type { FailureStreak } from '../../core/failure-streak.ts';

/** Counts the failures of endpoints that come in a row, over all environments. */
export interface FailureStreaks {
  /**
   * Adds failures to an endpoint's streak, or begins one.
   * @param failures at least 1
   * @param firstMs when the first of them failed, milliseconds since 1970
   * @returns the streak with them
   */
  add(endpoint: EndpointKey, failures: number, firstMs: number): Promise<FailureStreak>;
  /**
   * Ends an endpoint's streak, if there is one.
   * @param sinceMs ends it only if it is the one that began then
   */
  reset(endpoint: EndpointKey, sinceMs?: number): Promise<void>;
}
