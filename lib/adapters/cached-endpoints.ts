import type { Documents } from '../app/ports/documents.ts';
import type { EndpointDisabler, EndpointReader } from '../app/ports/endpoints.ts';
import type { Endpoint } from '../core/endpoint.ts';

/** How long an answer is used without asking again. */
const freshMs = 2_000;
/** How long an answer is used when the table cannot be read; then calls fail. */
const staleMs = 30_000;
/** Answers kept, the least recently asked for are dropped first. */
const mostAnswers = 10_000;
const pageSize = 500;

interface Answer {
  readonly value: Promise<unknown>;
  readonly readAtMs: number;
}

/**
 * Endpoints from the config table, kept for seconds. Many calls at once for the same thing make one read. That there
 * is no endpoint is never kept: a first endpoint receives at once.
 */
export function createCachedEndpoints(
  documents: Documents<Endpoint>,
  now: () => number,
): EndpointReader & EndpointDisabler {
  const answers = new Map<string, Answer>();

  const cached = async <T>(
    key: string,
    read: () => Promise<T>,
    isNothing: (value: T) => boolean,
  ): Promise<T> => {
    const known = answers.get(key);
    const atMs = now();
    if (known && atMs - known.readAtMs < freshMs) return known.value as Promise<T>;
    const reading = read();
    const value = known ? reading.catch((error) => fallBack(known, error) as Promise<T>) : reading;
    answers.delete(key);
    answers.set(key, { value, readAtMs: atMs });
    if (answers.size > mostAnswers) answers.delete(answers.keys().next().value!);
    const forget = () => {
      if (answers.get(key)?.value === value) answers.delete(key);
    };
    const restore = () => {
      if (known && answers.get(key)?.value === value) answers.set(key, known);
    };
    reading.then((result) => isNothing(result) && forget(), known ? restore : forget);
    return value;
  };
  const fallBack = (known: Answer, error: unknown): Promise<unknown> => {
    if (now() - known.readAtMs < staleMs) return known.value;
    throw error;
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
      answers.clear();
      await documents.update(id, (endpoint) =>
        endpoint.status === 'disabled'
          ? endpoint
          : {
              ...endpoint,
              status: 'disabled',
              disabledReason: 'gone',
              updatedAt: new Date(now()).toISOString(),
            },
      );
    },
  };
}
