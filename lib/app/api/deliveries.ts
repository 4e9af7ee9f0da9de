import { z } from 'zod';
import { deliveryStates, readDeliveryId } from '../../core/delivery.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { DeliveryLists, PlacedDelivery } from '../ports/delivery-lists.ts';
import type { Documents } from '../ports/documents.ts';
import { type ReplayDeliveryDependencies, findReplayable, replayDeliveries } from '../replay-deliveries.ts';
import { knownCursor, listParameters } from './listing.ts';
import { maySee } from './named-event.ts';
import { type Operations, checkInput } from './operation.ts';
import { idSchema } from './orgs.ts';
import { presentDelivery } from './present-delivery.ts';
import { Problem, notFound } from './problem.ts';

export interface DeliveryDependencies extends ReplayDeliveryDependencies {
  readonly lists: DeliveryLists;
  readonly endpointDocuments: Pick<Documents<Endpoint>, 'get'>;
}

/** The query of a list of deliveries. */
export const listQuery = z.strictObject({
  ...listParameters,
  endpoint: idSchema,
  state: z.enum(deliveryStates, `must be one of: ${deliveryStates.join(', ')}`).default('failed'),
});

/** A page is answered after this long with what there is: rows of an org that had the endpoint's id before are passed by. */
const mostWorkMs = 5_000;

/** Deliveries by endpoint and state, and making one once more. Those that succeeded at once are in events and traces only. */
export function deliveryOperations(dependencies: DeliveryDependencies): Operations {
  const { lists, endpointDocuments, deliveries, now } = dependencies;

  return {
    'GET /v1/orgs/{org}/deliveries': {
      roles: ['publisher', 'tenant'],
      async run({ path, query }) {
        const orgId = path['org']!;
        const asked = checkInput(listQuery, query);
        const { found, nextCursor } = await knownCursor(pageOfOrg(orgId, asked));
        if (found.length === 0 && (await endpointDocuments.get(asked.endpoint))?.orgId !== orgId)
          throw notFound('endpoint', asked.endpoint);
        const data = found.map(({ delivery }) => presentDelivery(delivery));
        return { status: 200, body: { data, next_cursor: nextCursor ?? null } };
      },
    },

    'POST /v1/deliveries/{delivery}/retry': {
      roles: ['tenant'],
      async run({ path, caller }) {
        const id = path['delivery']!;
        const key = readDeliveryId(id);
        const found = key && (await findReplayable(dependencies, key));
        if (!found || !maySee(caller, found.delivery.orgId)) throw notFound('delivery', id);
        const { delivery } = found;
        const endpoint = await endpointDocuments.get(delivery.endpointId);
        if (endpoint?.orgId !== delivery.orgId)
          throw new Problem('conflict', `Its endpoint '${delivery.endpointId}' is not there any more.`);
        if (delivery.state === 'held' && endpoint.status !== 'active') {
          const detail = `Its endpoint is ${endpoint.status}: it is delivered once that is active again.`;
          throw new Problem('conflict', detail);
        }
        const { replayed } = await replayDeliveries(dependencies, [found]);
        const [standing] = replayed.length > 0 ? replayed : await deliveries.read([key]);
        return { status: 202, body: presentDelivery(standing ?? delivery) };
      },
    },
  };

  /** A page of those deliveries that are the org's: the endpoint's id may have been another's before. */
  async function pageOfOrg(orgId: string, asked: z.output<typeof listQuery>) {
    const { endpoint: endpointId, state, limit } = asked;
    const startedMs = now();
    const found: PlacedDelivery[] = [];
    let cursor = asked.cursor;
    do {
      const page = await lists.list({ endpointId, state, limit: limit - found.length, cursor });
      found.push(...page.deliveries.filter(({ delivery }) => delivery.orgId === orgId));
      cursor = page.nextCursor;
    } while (cursor !== undefined && found.length < limit && now() - startedMs < mostWorkMs);
    // No cursor holds the place of another org's delivery, where that can be helped.
    return { found, nextCursor: cursor && (found.at(-1)?.cursor ?? cursor) };
  }
}
