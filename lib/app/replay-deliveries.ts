import { type Delivery, isEnd, replay, wake } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { FirstDelivery } from '../core/journal.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { EndpointReader } from './ports/endpoints.ts';
import type { DeliveryStore, EventReader } from './ports/events.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';
import { wakeUpFor } from './wake-up-for.ts';

export interface ReplayDeliveryDependencies {
  readonly endpoints: Pick<EndpointReader, 'byId'>;
  readonly deliveries: Pick<DeliveryStore, 'read' | 'replace' | 'create'>;
  readonly events: Pick<EventReader, 'find'>;
  readonly wakeUps: WakeUpQueue;
  readonly now: () => number;
}

/** A delivery that is to be made once more, and its row where there is one. */
export interface Replayable {
  readonly delivery: Delivery;
  readonly row?: Delivery;
}

const writesAtOnce = 16;
/** A delivery that has been due for less long has its wake-up on the way, or its attempt under way. */
const overdueMs = 60_000;

/** The delivery that the journal tells of, where there is no row of it. */
export function deliveryOfJournal(eventId: string, first: FirstDelivery, nowMs: number): Delivery {
  const { endpointId, orgId, state, attempts } = first;
  // Its row is kept as long as its event: the first attempt was made when that was taken in.
  return { eventId, endpointId, orgId, state, attempts, createdAtMs: attempts[0]?.atMs ?? nowMs };
}

/** A delivery to an endpoint that was never attempted. */
export function neverAttempted(
  eventId: string,
  { id: endpointId, orgId }: Endpoint,
  nowMs: number,
): Delivery {
  return { eventId, endpointId, orgId, state: 'failed', attempts: [], createdAtMs: nowMs };
}

/**
 * One delivery: its row, or what the journal tells of it.
 * @returns undefined when its event was never delivered, nor tried to, to the endpoint
 */
export async function findReplayable(
  { deliveries, events, now }: ReplayDeliveryDependencies,
  key: { readonly eventId: string; readonly endpointId: string },
): Promise<Replayable | undefined> {
  const [row] = await deliveries.read([key]);
  if (row) return { delivery: row, row };
  const firsts = (await events.find(key.eventId)).flatMap(({ entry }) =>
    'skippedBy' in entry ? [] : entry.deliveries,
  );
  const first = firsts.find(({ endpointId }) => endpointId === key.endpointId);
  return first && { delivery: deliveryOfJournal(key.eventId, first, now()) };
}

/**
 * How a delivery stands when it is made once more: an end begins a new cycle, what waits is due at once.
 * @param rateLimit of its endpoint, attempts a second, if it has one
 * @returns undefined when there is nothing to do: it is due already, or its rate limit has a time for it
 */
export function madeAgain(
  { delivery, row }: Replayable,
  nowMs: number,
  replayId: string | undefined,
  rateLimit: number | undefined,
): Delivery | undefined {
  if (isEnd(delivery.state)) return replay(delivery, nowMs, replayId);
  const { state, nextAttemptAtMs = 0, slot } = delivery;
  const hasTime = slot !== undefined && slot.rateLimit === rateLimit && slot.atMs >= nextAttemptAtMs;
  if (state === 'queued' && row && (hasTime || isSoon(nextAttemptAtMs, nowMs))) return undefined;
  return { ...wake(delivery, nowMs), ...(replayId !== undefined && { replayId }) };
}

function isSoon(atMs: number, nowMs: number): boolean {
  return atMs <= nowMs && atMs > nowMs - overdueMs;
}

/**
 * Makes deliveries once more, with the ids they have, and wakes them. Where another was first, it did.
 * @returns how many this call made, and why wake-ups could not be sent: their deliveries wait for the sweep
 */
export async function replayDeliveries(
  { deliveries, endpoints, wakeUps, now }: Omit<ReplayDeliveryDependencies, 'events'>,
  all: readonly Replayable[],
  replayId?: string,
): Promise<{ replayed: Delivery[]; unsent?: unknown }> {
  const nowMs = now();
  const outcomes = await mapAtOnce(all, writesAtOnce, async (one) => {
    // Of a few only: what waits for its time under a limit.
    const rateLimit = one.row?.slot && (await endpoints.byId(one.row.endpointId))?.rateLimit;
    const next = madeAgain(one, nowMs, replayId, rateLimit);
    if (!next) return undefined;
    const isWritten = one.row ? await deliveries.replace(next, one.row) : await deliveries.create(next);
    return isWritten ? next : undefined;
  });
  const replayed = outcomes.filter((next) => next !== undefined);
  try {
    // Which lane is theirs by now the function finds out.
    await wakeUps.send(replayed.flatMap((next) => wakeUpFor(next, nowMs) ?? []));
  } catch (unsent) {
    return { replayed, unsent };
  }
  return { replayed };
}
