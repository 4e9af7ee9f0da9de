import type { Endpoint } from './endpoint.ts';
import { matchesEventType } from './event-types.ts';
import type { RecordEvent, Target } from './record-event.ts';

/** Why an endpoint that was considered does not receive an event. */
export type WhyNot = 'unknown_endpoint' | 'owner_mismatch' | 'disabled' | 'event_type';

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
 */
export function route(
  event: Pick<RecordEvent, 'eventType' | 'target'>,
  candidates: readonly Endpoint[],
): Routing {
  const endpoints: Endpoint[] = [];
  const notDelivered: NotDelivered[] = [];
  const moreNotDelivered: Partial<Record<WhyNot, number>> = {};
  for (const endpoint of candidates) {
    const reason = whyNot(event, endpoint);
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
