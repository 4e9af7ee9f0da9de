import type { Delivery } from '../lib/core/delivery.ts';

/** A queued delivery after one attempt that failed; name only what a test is about. */
export function delivery(parts: Partial<Delivery> = {}): Delivery {
  return {
    eventId: '01HF7YAT00QKZ1V2B3N4M5P6R7',
    endpointId: 'ep_1',
    orgId: 'acme',
    state: 'queued',
    attempts: [{ atMs: 1_700_000_000_000, latencyMs: 2, statusCode: 500, excerpt: 'ünï' }],
    createdAtMs: 1_700_000_000_000,
    nextAttemptAtMs: 1_900_000_000_000,
    ...parts,
  };
}
