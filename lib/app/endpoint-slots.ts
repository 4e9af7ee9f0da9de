import { type Delivery, type RateSlot, putOff } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { RateSlots } from './ports/rate-slots.ts';

/** Hands out the next of an endpoint's times; undefined where it has no rate limit. */
export type NextSlot = (endpoint: Endpoint) => RateSlot | undefined;

const noLimit: NextSlot = () => undefined;

/** A wake-up that comes this much before its time is not this attempt's: that one's comes later. */
export const earlyMs = 1_000;
/** A time is missed after that: queues hold wake-ups back by whole seconds. */
const missedMs = 3_000;
/** A second time is no later than that, so that its wake-up waits in the queue: the sweep is up to a minute late. */
const mostSecondMs = 10 * 60_000;

/**
 * Reserves a time for each of several deliveries, of every endpoint with a rate limit at once; none while it takes nothing. A limit
 * that is changed begins anew.
 * @param endpoints one for each delivery
 */
export async function reserveSlots(slots: RateSlots, endpoints: readonly Endpoint[]): Promise<NextSlot> {
  const counts = new Map<string, { count: number; rateLimit: number; name: string }>();
  for (const { id, orgId, status, rateLimit } of endpoints) {
    if (rateLimit === undefined || status !== 'active') continue;
    const name = lineOf(orgId, id, rateLimit);
    counts.set(id, { count: (counts.get(id)?.count ?? 0) + 1, rateLimit, name });
  }
  if (counts.size === 0) return noLimit;
  const next = new Map<string, { atMs: number; stepMs: number; rateLimit: number }>();
  await Promise.all(
    [...counts].map(async ([id, { count, rateLimit, name }]) => {
      const durationMs = Math.ceil((count / rateLimit) * 1000);
      const atMs = await slots.reserve(name, durationMs, Number.MAX_SAFE_INTEGER);
      next.set(id, { atMs: atMs!, stepMs: durationMs / count, rateLimit });
    }),
  );
  return ({ id }) => {
    const slot = next.get(id);
    if (!slot) return undefined;
    const atMs = Math.floor(slot.atMs);
    slot.atMs += slot.stepMs;
    return { atMs, rateLimit: slot.rateLimit };
  };
}

function lineOf(orgId: string, id: string, rateLimit: number): string {
  return `endpoint#${orgId}#${id}#${rateLimit}`;
}

export interface TurnDependencies {
  readonly slots: RateSlots;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * The delivery put off to when its endpoint's rate limit has a time for it; undefined when that is now.
 *
 * Many that missed their times, because the queue stood still, all come at once. So each gets a second one.
 */
export async function untilItsTurn(
  { slots, now, random }: TurnDependencies,
  endpoint: Endpoint,
  row: Delivery,
): Promise<Delivery | undefined> {
  const { rateLimit } = endpoint;
  if (rateLimit === undefined) return undefined;
  const { slot } = row;
  const isOfLimit = slot?.rateLimit === rateLimit;
  if (isOfLimit && (slot.isSecond || slot.atMs >= now() - missedMs)) return undefined;
  const next = isOfLimit
    ? await reserveSecond(slots, endpoint, rateLimit, now())
    : (await reserveSlots(slots, [endpoint]))(endpoint)!;
  if (!next) return { ...row, state: 'queued', nextAttemptAtMs: now() + (mostSecondMs * (1 + random())) / 2 };
  return next.atMs > now() + earlyMs ? { ...putOff(row, next.atMs), slot: next } : undefined;
}

/**
 * Behind everything that was reserved before; where that is too late, in a line of the missed ones alone, so that they do
 * not wait for all that came after them.
 */
async function reserveSecond(
  slots: RateSlots,
  { orgId, id }: Endpoint,
  rateLimit: number,
  nowMs: number,
): Promise<RateSlot | undefined> {
  const line = lineOf(orgId, id, rateLimit);
  for (const name of [line, `${line}#missed`]) {
    const atMs = await slots.reserve(name, Math.ceil(1000 / rateLimit), nowMs + mostSecondMs);
    if (atMs !== undefined) return { atMs: Math.floor(atMs), rateLimit, isSecond: true };
  }
  return undefined;
}
