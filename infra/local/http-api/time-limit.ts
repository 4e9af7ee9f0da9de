/**
 * Waits for `work`, but no longer than `milliseconds`: then rejects with `error()`. The work itself goes on; what
 * becomes of it later concerns nobody any more, its failure included.
 */
export function rejectAfter<T>(milliseconds: number, work: Promise<T>, error: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(error()), milliseconds);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
