import { z } from 'zod';
import { isEnd } from '../../core/delivery.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { JournalEvent } from '../../core/journal.ts';
import { mapAtOnce } from '../../core/map-at-once.ts';
import { type WhyNotNow, whyNotNow } from '../../core/replay.ts';
import type { FilterOf } from '../endpoint-filters.ts';
import type { EventReader } from '../ports/events.ts';
import type { PublishedEvents } from '../ports/published-events.ts';
import {
  type Replayable,
  type ReplayDeliveryDependencies,
  deliveryOfJournal,
  neverAttempted,
  replayDeliveries,
} from '../replay-deliveries.ts';
import { newerOf } from './event-state.ts';
import { maySee, namedEvent } from './named-event.ts';
import { type Operations, withBody } from './operation.ts';
import { idSchema } from './orgs.ts';
import { Problem } from './problem.ts';

export interface EventReplayDependencies extends ReplayDeliveryDependencies {
  readonly events: Pick<EventReader, 'find' | 'deliveriesOf'>;
  readonly published: Pick<PublishedEvents, 'named'>;
  readonly filterOf: FilterOf;
}

const body = z.strictObject({ endpoint_id: idSchema.optional() });

/** Deliveries of one call, which the caller waits for. */
const mostDeliveries = 1_000;
const readsAtOnce = 16;

/** Delivers one event once more, to all endpoints that it was delivered to, or to one. */
export function eventReplayOperations(dependencies: EventReplayDependencies): Operations {
  const { events, endpoints, filterOf, now } = dependencies;

  return {
    'POST /v1/events/{event}/replay': {
      emptyBody: {},
      ...withBody(['tenant'], body, async ({ path, query, body: asked, caller }) => {
        const { id, found } = await namedEvent(dependencies, path['event']!, caller, query);
        const parts = found.flatMap(({ entry }) => ('skippedBy' in entry ? [] : [entry]));
        const [event] = parts;
        if (!event)
          throw new Problem('conflict', 'The record was skipped by its transform: there is no event.');
        const made = (await deliveriesOf(id, parts)).filter(({ delivery }) => maySee(caller, delivery.orgId));
        const asking = made.filter(
          ({ delivery }) => asked.endpoint_id === undefined || delivery.endpointId === asked.endpoint_id,
        );
        if (asked.endpoint_id !== undefined && asking.length === 0) {
          const endpoint = await endpoints.byId(asked.endpoint_id);
          const mayReceive = endpoint && maySee(caller, endpoint.orgId) ? endpoint : undefined;
          const first = neverAttempted(id, receiver(event, asked.endpoint_id, mayReceive), now());
          return answer(await replayDeliveries(dependencies, [{ delivery: first }]));
        }
        const ended = asking.filter(({ delivery }) => isEnd(delivery.state));
        if (ended.length > mostDeliveries) {
          const detail = `The event has ${ended.length} deliveries: name an endpoint, or make a replay of its org.`;
          throw new Problem('conflict', detail);
        }
        const isThere = await mapAtOnce(ended, readsAtOnce, async ({ delivery }) => {
          return (await endpoints.byId(delivery.endpointId))?.orgId === delivery.orgId;
        });
        return answer(
          await replayDeliveries(
            dependencies,
            ended.filter((_, at) => isThere[at]),
          ),
        );
      }),
    },
  };

  /** What the journal and the rows tell of. */
  async function deliveriesOf(id: string, parts: readonly JournalEvent[]): Promise<Replayable[]> {
    const rows = new Map(
      (await events.deliveriesOf(id)).map((row) => [`${row.orgId} ${row.endpointId}`, row]),
    );
    const firsts = parts.flatMap((part) => part.deliveries);
    const made = firsts.map((first): Replayable => {
      const name = `${first.orgId} ${first.endpointId}`;
      const row = rows.get(name);
      rows.delete(name);
      if (!row) return { delivery: deliveryOfJournal(id, first, now()) };
      return { delivery: { ...row, state: newerOf(first, row).state }, row };
    });
    return [...made, ...[...rows.values()].map((row) => ({ delivery: row, row }))];
  }

  /** @throws Problem that says why the endpoint does not receive the event */
  function receiver(event: JournalEvent, endpointId: string, endpoint: Endpoint | undefined): Endpoint {
    const reason: WhyNotNow | undefined = endpoint
      ? whyNotNow(event, endpoint, filterOf)
      : 'unknown_endpoint';
    if (endpoint && reason === undefined) return endpoint;
    throw new Problem('conflict', `Endpoint '${endpointId}' does not receive this event: ${reason}.`);
  }
}

function answer({ replayed }: { readonly replayed: readonly unknown[] }) {
  return { status: 202, body: { deliveries: replayed.length } };
}
