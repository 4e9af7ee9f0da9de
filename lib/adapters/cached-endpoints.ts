import type { Documents, Page } from '../app/ports/documents.ts';
import {
  type EndpointAlerter,
  type EndpointMarker,
  type EndpointReader,
  endpointsAPage,
} from '../app/ports/endpoints.ts';
import { type Endpoint, type EndpointAlert, hasSameTarget } from '../core/endpoint.ts';
import { afterStreak, newAlerts } from '../core/failure-streak.ts';
import { createCachedReads } from './cached-reads.ts';
import { errorFields, log } from './log.ts';

/**
 * Endpoints from the config table, kept for seconds. That there is no endpoint is never kept: a first endpoint receives
 * at once. Of pages only the first ones are kept.
 */
export function createCachedEndpoints(
  documents: Documents<Endpoint>,
  now: () => number,
): EndpointReader & EndpointMarker & EndpointAlerter {
  // A page counts as its endpoints: each may have tens of KB.
  const reads = createCachedReads(
    now,
    (found) => (found as Partial<Page<Endpoint>> | undefined)?.items?.length ?? 1,
  );
  return {
    byId: (id) =>
      reads.read(
        `endpoint ${id}`,
        () => documents.get(id),
        (endpoint) => endpoint === undefined,
      ),

    page(orgId, cursor) {
      // One more than a page: where there are exactly as many, it says so by having no cursor.
      const request = { orgId, limit: endpointsAPage + 1, cursor };
      if (cursor !== undefined) return documents.list(request);
      return reads.read(
        `org ${orgId ?? '*'}`,
        () => documents.list(request),
        ({ items }) => items.length === 0,
      );
    },

    async disableGone(attempted) {
      await write(attempted, (endpoint) => (endpoint.status === 'disabled' ? endpoint : disabled(endpoint)));
    },

    async mark(attempted, { slow, brokenUntil }) {
      await write(attempted, (endpoint) => {
        const { hints = {} } = endpoint;
        const isNews = hints.slow !== slow || hints.brokenUntil !== brokenUntil;
        return isNews ? { ...endpoint, hints: { ...hints, slow, brokenUntil } } : endpoint;
      });
    },

    async alert(attempted, streak, terms) {
      let added: readonly EndpointAlert[] = [];
      const isWritten = await write(attempted, (endpoint) => {
        added = newAlerts(endpoint, streak, terms, now());
        return afterStreak(endpoint, streak, terms, now());
      });
      return isWritten ? added : [];
    },

    async recovered(attempted) {
      await write(attempted, (endpoint) => {
        if (!endpoint.hints?.failing) return endpoint;
        const { failing, ...hints } = endpoint.hints;
        return { ...endpoint, hints };
      });
    },
  };

  /** @returns whether the endpoint now is as it was to be */
  async function write(attempted: Endpoint, change: (endpoint: Endpoint) => Endpoint): Promise<boolean> {
    const { id } = attempted;
    try {
      await documents.update(id, (found) => (hasSameTarget(found, attempted) ? change(found) : found));
      return true;
    } catch (error) {
      log('ERROR', 'endpoint not marked', { endpoint: id, ...errorFields(error) });
      return false;
    } finally {
      reads.forget();
    }
  }

  function disabled(endpoint: Endpoint): Endpoint {
    const updatedAt = new Date(now()).toISOString();
    return { ...endpoint, status: 'disabled', disabledReason: 'gone', updatedAt };
  }
}
