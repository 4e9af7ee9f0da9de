import type { Endpoint } from '../core/endpoint.ts';
import type { EventAddress } from '../core/event-id.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { RecordEvent, Target } from '../core/record-event.ts';
import { type Routing, route } from '../core/routing.ts';
import type { FilterOf } from './endpoint-filters.ts';
import type { Claim, ClaimStore } from './ports/claims.ts';
import type { EndpointReader } from './ports/endpoints.ts';

export interface RouteDependencies {
  readonly source: { readonly name: string };
  readonly endpoints: EndpointReader;
  readonly claims: ClaimStore;
  readonly filterOf: FilterOf;
}

/** An event that is to be taken in, of a record or a publish call. */
export interface AcceptedEvent {
  readonly id: string;
  readonly timeMs: number;
  readonly address: EventAddress;
  readonly event: RecordEvent;
  readonly transformVersion?: number;
}

/** An event, and who receives it. */
export interface RoutedEvent extends AcceptedEvent {
  readonly routing: Routing;
  /** The event that has this one's idempotency key, when that is another. */
  readonly duplicateOf?: string;
  /** Its target has more endpoints than one page: a job delivers it, and `routing` is empty. */
  readonly needsFanOut?: true;
}

/** Events that are routed at once; each may cost a call of a store. */
export const routedAtOnce = 32;
export const toNobody: Routing = { endpoints: [], notDelivered: [], moreNotDelivered: {} };

/**
 * Claims the events' idempotency keys, and decides who receives each.
 * @throws when a store cannot be reached; nothing was sent by then
 */
export async function routeEvents(
  dependencies: RouteDependencies,
  accepted: readonly AcceptedEvent[],
): Promise<RoutedEvent[]> {
  const holders = await claimKeys(dependencies, accepted);
  return mapAtOnce(accepted, routedAtOnce, async (event) => {
    const holder = holders.get(event.event.idempotencyKey);
    return holder === undefined || holder === event.id
      ? routeEvent(dependencies, event)
      : { ...event, routing: toNobody, duplicateOf: holder };
  });
}

/** Who has each key. Of several events of one batch with the same key the first claims it, for all of them. */
async function claimKeys(
  { claims, source }: RouteDependencies,
  accepted: readonly AcceptedEvent[],
): Promise<Map<string | undefined, string>> {
  const wanted = wantedKeys(accepted);
  if (wanted.length === 0) return new Map();
  const holders = await claims.claim(source.name, wanted);
  return new Map(wanted.map(({ key }, at) => [key, holders[at]!]));
}

/** The keys that events want: of several with the same key the first. */
export function wantedKeys(accepted: readonly AcceptedEvent[]): Claim[] {
  const wanted = new Map<string, Claim>();
  for (const { id, event, address } of accepted) {
    const { idempotencyKey: key } = event;
    const origin = `${address.partition}.${address.offset}`;
    if (key !== undefined && !wanted.has(key)) wanted.set(key, { key, eventId: id, origin });
  }
  return [...wanted.values()];
}

/** @throws when the endpoints cannot be read */
export async function routeEvent(
  { endpoints, filterOf }: Pick<RouteDependencies, 'endpoints' | 'filterOf'>,
  accepted: AcceptedEvent,
): Promise<RoutedEvent> {
  const { event } = accepted;
  const { items, nextCursor } = await candidates(endpoints, event.target);
  if (nextCursor !== undefined) return { ...accepted, routing: toNobody, needsFanOut: true };
  return { ...accepted, routing: route(event, items, filterOf) };
}

async function candidates(
  endpoints: EndpointReader,
  target: Target,
): Promise<{ items: readonly Endpoint[]; nextCursor?: string }> {
  if (target.type !== 'single') return endpoints.page(ownerOf(target));
  const endpoint = await endpoints.byId(target.endpointId);
  return { items: endpoint ? [endpoint] : [] };
}

/** Whose endpoints a target that is not a single one has; undefined for everybody's. */
export function ownerOf(target: Target): string | undefined {
  return target.type === 'fanout' ? target.ownerId : undefined;
}
