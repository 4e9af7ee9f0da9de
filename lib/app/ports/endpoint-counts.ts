import type { EndpointKey } from '../../core/endpoint.ts';
import type { Counts, RecentCounts } from '../../core/endpoint-counts.ts';

/** Counts attempts at endpoints, in memory, and writes the counts down now and then. */
export interface EndpointCounter {
  /** @param more what an attempt that has just ended adds */
  record(endpoint: EndpointKey, more: Counts): void;
  /**
   * Writes down what has changed, at most once a second: the counts of an environment that has nothing to do any more may
   * lack what it counted in its last second. Never rejects: what could not be written is written the next time.
   */
  flush(): Promise<void>;
}

/** Reads what all environments have counted. */
export interface EndpointCountReader {
  read(endpoint: EndpointKey, nowMs: number): Promise<RecentCounts>;
  /**
   * When an attempt last succeeded, milliseconds since 1970: here, or elsewhere as far as it is written down.
   * @param sinceMs how far back to look, two days at most; undefined when there was no success since
   */
  lastSuccessMs(endpoint: EndpointKey, sinceMs: number): Promise<number | undefined>;
}
