/** How long a value is used without reading it again. */
const freshMs = 60_000;

/**
 * A secret that an operator may replace while environments live: read again once it is a minute old. While it cannot be read the
 * last value stands, so that an outage of Secrets Manager shuts nobody out.
 * @throws what `read` throws, as long as it has never answered
 */
export function createFreshSecret(read: () => Promise<string>, now: () => number): () => Promise<string> {
  let known: { readonly value: string; readonly readAtMs: number } | undefined;
  return async () => {
    if (known && now() - known.readAtMs < freshMs) return known.value;
    const readAtMs = now();
    try {
      known = { value: await read(), readAtMs };
    } catch (error) {
      if (!known) throw error;
    }
    return known.value;
  };
}
