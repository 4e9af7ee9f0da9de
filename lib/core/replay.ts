import type { Endpoint } from './endpoint.ts';
import type { FilterTest } from './filter.ts';
import type { JournalEvent } from './journal.ts';
import { type WhyNot, route } from './routing.ts';

/** Which deliveries a replay is about, by how they stand when it comes to them. */
export const replayedStates = ['failed', 'delivered', 'held', 'never_attempted'] as const;
export type ReplayedState = (typeof replayedStates)[number];

/** What a replay goes through. */
export type ReplayScope =
  | {
      readonly kind: 'replay';
      /** Only deliveries to this endpoint. */
      readonly endpointId?: string;
      /** Only events from this time on and before that one, milliseconds since 1970. */
      readonly sinceMs: number;
      readonly untilMs: number;
      /** Only events of this type: exact, or a prefix such as `order.*`. */
      readonly eventType?: string;
      readonly states: readonly ReplayedState[];
    }
  /** The held deliveries of an endpoint that has become active again. */
  | { readonly kind: 'release'; readonly endpointId: string };

/** The work of making deliveries once more, at a bounded speed. */
export interface Replay {
  readonly id: string;
  readonly orgId: string;
  readonly scope: ReplayScope;
  /** Deliveries a second at most. */
  readonly rate: number;
  readonly state: 'running' | 'stopped' | 'done';
  /** Events that were looked at, or held deliveries for a release. */
  readonly considered: number;
  /** Deliveries that were made once more. */
  readonly replayed: number;
  /** Where to read on; absent at the beginning. */
  readonly cursor?: string;
  /** When a release began to go through what is held, milliseconds since 1970. */
  readonly passAtMs?: number;
  /** Nobody goes on with it before: another is at it, or its speed asks for a rest. Milliseconds since 1970. */
  readonly restsUntilMs?: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Why an endpoint that was never attempted with an event is not attempted now. */
export type WhyNotNow = WhyNot | 'paused' | 'not_targeted' | 'duplicate' | 'fan_out_running';

type Attempted = Pick<JournalEvent, 'eventType' | 'target' | 'duplicateOf' | 'fanOut'>;

/**
 * Why an endpoint cannot receive an event that it was never attempted with, as far as can be told without the event's body.
 * @returns undefined when nothing speaks against it
 */
export function whyNotTargeted(event: Attempted, endpoint: Endpoint): WhyNotNow | undefined {
  const { target } = event;
  if (event.duplicateOf !== undefined) return 'duplicate';
  // The job may yet come to it.
  if (event.fanOut === 'running') return 'fan_out_running';
  if (target.type === 'fanout' && target.ownerId !== endpoint.orgId) return 'owner_mismatch';
  if (target.type === 'single' && target.endpointId !== endpoint.id) return 'not_targeted';
  if (endpoint.status === 'paused') return 'paused';
  const bare = { ...event, data: '{}', headers: {} };
  return route(bare, [endpoint], () => undefined).notDelivered[0]?.reason;
}

/** The same with the event's body, which the endpoint's filter asks for. */
export function whyNotNow(
  event: JournalEvent,
  endpoint: Endpoint,
  filterOf: (endpoint: Endpoint) => FilterTest | undefined,
): WhyNotNow | undefined {
  return whyNotTargeted(event, endpoint) ?? route(event, [endpoint], filterOf).notDelivered[0]?.reason;
}
