import type { Documents } from '../app/ports/documents.ts';
import type { EndpointDisabler, EndpointReader } from '../app/ports/endpoints.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { errorFields, log } from './log.ts';

/** How long an answer is used without asking again. */
const freshMs = 2_000;
/** How long an answer is used when the table cannot be read; then calls fail. */
const staleMs = 30_000;
/** Answers kept, the least recently asked for are dropped first. */
const mostAnswers = 10_000;
const pageSize = 500;

interface Known {
  /** What the last read that succeeded found, and when it began. */
  answer?: { readonly value: unknown; readonly readAtMs: number };
  /** The read under way. */
  reading?: Promise<unknown>;
}

/**
 * Endpoints from the config table, kept for seconds. Many calls at once for the same thing make one read. That there
 * is no endpoint is never kept: a first endpoint receives at once.
 */
export function createCachedEndpoints(
  documents: Documents<Endpoint>,
  now: () => number,
): EndpointReader & EndpointDisabler {
  const everything = new Map<string, Known>();

  const cached = async <T>(
    key: string,
    read: () => Promise<T>,
    isNothing: (value: T) => boolean,
  ): Promise<T> => {
    const known = everything.get(key) ?? {};
    if (known.answer && now() - known.answer.readAtMs < freshMs) return known.answer.value as T;
    const isJoining = known.reading !== undefined;
    try {
      const value = (await (known.reading ??= start(key, known, read, isNothing))) as T;
      // It may have begun before the first endpoint was made.
      return isJoining && isNothing(value)
        ? ((await (known.reading ??= start(key, known, read, isNothing))) as T)
        : value;
    } catch (error) {
      if (known.answer && now() - known.answer.readAtMs < staleMs) return known.answer.value as T;
      throw error;
    }
  };
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
  const list = async (orgId?: string): Promise<readonly Endpoint[]> => {
    const endpoints: Endpoint[] = [];
    let cursor: string | undefined;
    do {
      const page = await documents.list({ orgId, limit: pageSize, cursor });
      endpoints.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor);
    return endpoints;
  };
  const isEmpty = (endpoints: readonly Endpoint[]) => endpoints.length === 0;

  return {
    byId: (id) =>
      cached(
        `endpoint ${id}`,
        () => documents.get(id),
        (endpoint) => endpoint === undefined,
      ),
    ofOrg: (orgId) => cached(`org ${orgId}`, () => list(orgId), isEmpty),
    all: () => cached('all', () => list(), isEmpty),

    async disableGone(id) {
      try {
        await documents.update(id, (endpoint) =>
          endpoint.status === 'disabled' ? endpoint : disabled(endpoint),
        );
      } catch (error) {
        log('ERROR', 'endpoint that is gone not disabled', { endpoint: id, ...errorFields(error) });
      }
      everything.clear();
    },
  };

  function disabled(endpoint: Endpoint): Endpoint {
    const updatedAt = new Date(now()).toISOString();
    return { ...endpoint, status: 'disabled', disabledReason: 'gone', updatedAt };
  }
}
