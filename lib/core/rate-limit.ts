/** Seconds that a batch may wait for its turn inside an invocation that has 60 to come back. */
const longestWaitSeconds = 40;

/**
 * The least records a second that a source may be limited to, over all its partitions.
 *
 * One batch of each partition is in flight, and they queue up behind one another: the last of them waits until the
 * rate has let all others pass. At a lower rate it would wait beyond the invocation's end, and come again for ever.
 * @param partitions of the source's topic
 * @param batchSize records of a batch at most
 */
export function leastRateLimit(partitions: number, batchSize: number): number {
  return Math.ceil((partitions * batchSize) / longestWaitSeconds);
}
