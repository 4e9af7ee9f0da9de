const firstMs = 100;
const longestMs = 10_000;

/**
 * How long to wait before the next try: 100 ms after the first failure, twice as long after each further one, at most
 * 10 s. (AWS goes further; a person who has just repaired something on this machine does not want to wait.)
 *
 * @param failures how many tries in a row have failed, 1 or more
 */
export function backoffMs(failures: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 20), longestMs);
}
