import type { Endpoint } from '../core/endpoint.ts';
import type { EventIds } from '../core/event-id.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import { type RecordEvent, type SourceRecord, type Target, readRecordEvent } from '../core/record-event.ts';
import { RecordRejected } from '../core/rejection.ts';
import { type Routing, route } from '../core/routing.ts';
import type { FilterOf } from './endpoint-filters.ts';
import type { ClaimStore } from './ports/claims.ts';
import type { EndpointReader } from './ports/endpoints.ts';

export interface RouteDependencies {
  readonly source: { readonly name: string; readonly number: number };
  readonly eventIds: EventIds;
  readonly endpoints: EndpointReader;
  readonly claims: ClaimStore;
  readonly filterOf: FilterOf;
  readonly now: () => number;
}

interface Accepted {
  readonly id: string;
  readonly record: SourceRecord;
  readonly event: RecordEvent;
}

/** An event of a record, and who receives it. */
export interface RoutedEvent extends Accepted {
  readonly routing: Routing;
  /** The event that has this one's idempotency key, when that is another. */
  readonly duplicateOf?: string;
}

/** Events that are claimed and routed at once; each may cost a call of a store. */
const routedAtOnce = 32;
const toNobody: Routing = { endpoints: [], notDelivered: [], moreNotDelivered: {} };

/**
 * Reads records, claims their idempotency keys, and decides who receives each.
 * @throws when a store cannot be reached; nothing was sent by then
 */
export async function routeRecords(
  dependencies: RouteDependencies,
  records: readonly SourceRecord[],
): Promise<{ routed: RoutedEvent[]; quarantined: QuarantinedRecord[] }> {
  const { accepted, quarantined } = readRecords(dependencies, records);
  const duplicateOf = createDuplicates(dependencies);
  const routed = await mapAtOnce(accepted, routedAtOnce, async (event) =>
    routeEvent(dependencies, event, await duplicateOf(event)),
  );
  return { routed, quarantined };
}

function readRecords({ source, eventIds, now }: RouteDependencies, records: readonly SourceRecord[]) {
  const accepted: Accepted[] = [];
  const quarantined: QuarantinedRecord[] = [];
  for (const record of records) {
    const { partition, offset, timestampMs } = record;
    const id = eventIds.encode(timestampMs, { source: source.number, partition, offset, index: 0 });
    try {
      accepted.push({ id, record, event: readRecordEvent(record) });
    } catch (error) {
      if (!(error instanceof RecordRejected)) throw error;
      const { reason, detail } = error;
      quarantined.push({
        id,
        source: source.name,
        record,
        rejection: { reason, detail },
        quarantinedAtMs: now(),
      });
    }
  }
  return { accepted, quarantined };
}

/**
 * Tells of each event of one batch whether another has its idempotency key. Of several in the batch the first claims
 * it, for all of them.
 */
function createDuplicates({ claims, source }: RouteDependencies) {
  const holders = new Map<string, Promise<string>>();
  return async ({ id, event: { idempotencyKey } }: Accepted): Promise<string | undefined> => {
    if (idempotencyKey === undefined) return undefined;
    const claiming = holders.get(idempotencyKey) ?? claims.claim(source.name, idempotencyKey, id);
    holders.set(idempotencyKey, claiming);
    const holder = await claiming;
    return holder === id ? undefined : holder;
  };
}

async function routeEvent(
  { endpoints, filterOf }: RouteDependencies,
  accepted: Accepted,
  duplicateOf: string | undefined,
): Promise<RoutedEvent> {
  if (duplicateOf !== undefined) return { ...accepted, routing: toNobody, duplicateOf };
  const { event } = accepted;
  return { ...accepted, routing: route(event, await candidates(endpoints, event.target), filterOf) };
}

async function candidates(endpoints: EndpointReader, target: Target): Promise<readonly Endpoint[]> {
  if (target.type === 'broadcast') return endpoints.all();
  if (target.type === 'fanout') return endpoints.ofOrg(target.ownerId);
  const endpoint = await endpoints.byId(target.endpointId);
  return endpoint ? [endpoint] : [];
}
