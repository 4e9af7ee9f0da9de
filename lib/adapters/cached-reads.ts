/** How long an answer is used without asking again. */
export const freshMs = 2_000;
/** How long an answer is used when the table cannot be read; then calls fail. */
const staleMs = 30_000;
/** What kept answers hold together; those read least recently are dropped first. */
const mostKept = 20_000;

interface Known {
  /** What the last read that succeeded found, and when it began. */
  answer?: { readonly value: unknown; readonly readAtMs: number; readonly size: number };
  /** The read under way. */
  reading?: Promise<unknown>;
}

export interface CachedReads {
  /**
   * @param key what is read
   * @param isNothing tells answers that are never kept, so that a first thing of its kind shows at once
   * @throws what `read` throws, once the last answer is older than 30 s
   */
  read<T>(key: string, read: () => Promise<T>, isNothing?: (value: T) => boolean): Promise<T>;
  forget(): void;
}

/**
 * Reads of configuration, kept for 2 s. Many calls at once for the same thing make one read.
 * @param sizeOf what an answer counts as, where it holds several things; 20,000 are kept
 */
export function createCachedReads(
  now: () => number,
  sizeOf: (value: unknown) => number = () => 1,
): CachedReads {
  // Ordered by when they were last read.
  const everything = new Map<string, Known>();
  let kept = 0;

  const drop = (key: string) => {
    const known = everything.get(key)!;
    kept -= known.answer?.size ?? 0;
    known.answer = undefined;
    everything.delete(key);
  };
  const keep = (key: string, known: Known, value: unknown, readAtMs: number) => {
    if (everything.get(key) !== known) return;
    const size = sizeOf(value);
    kept += size - (known.answer?.size ?? 0);
    known.answer = { value, readAtMs, size };
    for (const [oldest, { answer, reading }] of everything) {
      const isOld = answer !== undefined && now() - answer.readAtMs >= staleMs && reading === undefined;
      if (!isOld && kept <= mostKept) return;
      drop(oldest);
    }
  };

  const start = async <T>(
    key: string,
    known: Known,
    read: () => Promise<T>,
    isNothing: (value: T) => boolean,
  ): Promise<T> => {
    const readAtMs = now();
    everything.delete(key);
    everything.set(key, known);
    try {
      const value = await read();
      if (!isNothing(value)) keep(key, known, value, readAtMs);
      else if (everything.get(key) === known) drop(key);
      return value;
    } finally {
      known.reading = undefined;
      if (!known.answer && everything.get(key) === known) drop(key);
    }
  };

  return {
    async read<T>(key: string, read: () => Promise<T>, isNothing: (value: T) => boolean = () => false) {
      const known = everything.get(key) ?? {};
      if (known.answer && now() - known.answer.readAtMs < freshMs) return known.answer.value as T;
      const isJoining = known.reading !== undefined;
      try {
        const value = (await (known.reading ??= start(key, known, read, isNothing))) as T;
        // It may have begun before the first of its kind was made.
        return isJoining && isNothing(value)
          ? ((await (known.reading ??= start(key, known, read, isNothing))) as T)
          : value;
      } catch (error) {
        if (known.answer && now() - known.answer.readAtMs < staleMs) return known.answer.value as T;
        throw error;
      }
    },
    forget() {
      everything.clear();
      kept = 0;
    },
  };
}
