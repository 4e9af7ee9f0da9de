import type { Endpoint } from './endpoint.ts';
import { matchesEventType } from './event-types.ts';
import type { FilterTest, Filtered } from './filter.ts';
import type { RecordEvent, Target } from './record-event.ts';

/** Why an endpoint that was considered does not receive an event. */
export type WhyNot = 'unknown_endpoint' | 'owner_mismatch' | 'disabled' | 'event_type' | 'filter';

/** What was decided for one event: who receives it, and who does not and why. */
export interface Routing {
  readonly endpoints: readonly Endpoint[];
  /** The first 100. */
  readonly notDelivered: readonly NotDelivered[];
  /** How many more there are, by reason. */
  readonly moreNotDelivered: Readonly<Partial<Record<WhyNot, number>>>;
}

const mostListed = 100;

export interface NotDelivered {
  readonly endpointId: string;
  /** The endpoint's org; absent where there is no such endpoint. */
  readonly orgId?: string;
  readonly reason: WhyNot;
}

/**
 * Decides which endpoints receive an event.
 * @param candidates the endpoints of the event's target: the one, the owner's, or all there are
 * @param filterOf the test of an endpoint's filter, if it has one
 */
export function route(
  event: Pick<RecordEvent, 'eventType' | 'target' | 'data' | 'headers'>,
  candidates: readonly Endpoint[],
  filterOf: (endpoint: Endpoint) => FilterTest | undefined,
): Routing {
  const endpoints: Endpoint[] = [];
  const notDelivered: NotDelivered[] = [];
  const moreNotDelivered: Partial<Record<WhyNot, number>> = {};
  // Parsed once, and only where some filter asks.
  let filtered: Filtered | undefined;
  const passesFilter = (endpoint: Endpoint) => {
    const test = filterOf(endpoint);
    return (
      test === undefined || test((filtered ??= { data: JSON.parse(event.data), headers: event.headers }))
    );
  };
  for (const endpoint of candidates) {
    const reason = whyNot(event, endpoint) ?? (passesFilter(endpoint) ? undefined : 'filter');
    if (reason === undefined) endpoints.push(endpoint);
    else if (notDelivered.length < mostListed) {
      notDelivered.push({ endpointId: endpoint.id, orgId: endpoint.orgId, reason });
    } else moreNotDelivered[reason] = (moreNotDelivered[reason] ?? 0) + 1;
  }
  if (event.target.type === 'single' && candidates.length === 0) {
    notDelivered.push({ endpointId: event.target.endpointId, reason: 'unknown_endpoint' });
  }
  return { endpoints, notDelivered, moreNotDelivered };
}

function whyNot(
  { eventType, target }: { eventType: string; target: Target },
  endpoint: Endpoint,
): WhyNot | undefined {
  if (target.type === 'single' && target.ownerId !== undefined && target.ownerId !== endpoint.orgId)
    return 'owner_mismatch';
  if (endpoint.status === 'disabled') return 'disabled';
  if (!matchesEventType(endpoint.eventTypes, eventType)) return 'event_type';
  return undefined;
}
