/** How long an answer is used without asking again. */
const freshMs = 2_000;
/** How long an answer is used when the table cannot be read; then calls fail. */
const staleMs = 30_000;
/** Answers kept, the least recently asked for are dropped first. */
const mostAnswers = 10_000;

interface Known {
  /** What the last read that succeeded found, and when it began. */
  answer?: { readonly value: unknown; readonly readAtMs: number };
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

/** Reads of configuration, kept for 2 s. Many calls at once for the same thing make one read. */
export function createCachedReads(now: () => number): CachedReads {
  const everything = new Map<string, Known>();

  const start = async <T>(
    key: string,
    known: Known,
    read: () => Promise<T>,
    isNothing: (value: T) => boolean,
  ): Promise<T> => {
    const readAtMs = now();
    // Set again, so that the map is ordered by use.
    everything.delete(key);
    everything.set(key, known);
    if (everything.size > mostAnswers) everything.delete(everything.keys().next().value!);
    try {
      const value = await read();
      known.answer = isNothing(value) ? undefined : { value, readAtMs };
      return value;
    } finally {
      known.reading = undefined;
      if (!known.answer && everything.get(key) === known) everything.delete(key);
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
    forget: () => everything.clear(),
  };
}
