/**
 * Works on all of a list, some at once: calls beyond what a client has connections for would wait until they time out.
 * @param most at once
 * @returns the results in the list's order
 * @throws the first error
 */
export async function mapAtOnce<T, Result>(
  list: readonly T[],
  most: number,
  work: (one: T) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(list.length);
  const rest = list.entries();
  const worker = async () => {
    for (const [index, one] of rest) results[index] = await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(most, list.length) }, worker));
  return results;
}
