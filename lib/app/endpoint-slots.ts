import type { RateSlot } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { RateSlots } from './ports/rate-slots.ts';

/** Hands out the next of an endpoint's times; undefined where it has no rate limit. */
export type NextSlot = (endpoint: Endpoint) => RateSlot | undefined;

const noLimit: NextSlot = () => undefined;

/**
 * Reserves a time for each of several deliveries, of every endpoint with a rate limit at once; none while it takes nothing. A limit
 * that is changed begins anew.
 * @param endpoints one for each delivery
 */
export async function reserveSlots(slots: RateSlots, endpoints: readonly Endpoint[]): Promise<NextSlot> {
  const counts = new Map<string, { count: number; rateLimit: number; name: string }>();
  for (const { id, orgId, status, rateLimit } of endpoints) {
    if (rateLimit === undefined || status !== 'active') continue;
    const name = `endpoint#${orgId}#${id}#${rateLimit}`;
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
