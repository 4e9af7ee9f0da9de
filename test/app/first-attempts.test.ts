import { expect, test } from 'vitest';
import type { EndpointGate } from '../../lib/app/endpoint-gate.ts';
import { unfinishedOf, wakeUpsFor } from '../../lib/app/first-attempts.ts';
import { delivery } from '../deliveries.ts';
import { endpoint } from '../endpoints.ts';

const nowMs = 1_800_000_000_000;

test('what a first attempt leaves waits in the lane of its endpoint, and what is held in none', () => {
  const gate = { lane: ({ id }) => (id === 'ep_slow' ? 'slow' : 'usual') } as Partial<EndpointGate>;
  const outcome = (endpointId: string, state: 'queued' | 'held' | 'delivered') => ({
    endpoint: endpoint({ id: endpointId }),
    delivery: delivery({ endpointId, state, nextAttemptAtMs: nowMs }),
  });
  const outcomes = [
    outcome('ep_1', 'queued'),
    outcome('ep_slow', 'queued'),
    outcome('ep_slow', 'held'),
    outcome('ep_slow', 'delivered'),
  ];
  const unfinished = unfinishedOf({ gate: gate as EndpointGate }, outcomes);
  const [usual, slow, held] = outcomes.map((one) => one.delivery);
  expect(unfinished).toEqual([usual, { ...slow, inSlowLane: true }, held]);
  const sent = wakeUpsFor({ now: () => nowMs }, unfinished, { eventType: 'a', data: '1', headers: {} });
  expect(sent.map(({ lane }) => lane)).toEqual(['usual', 'slow']);
});
