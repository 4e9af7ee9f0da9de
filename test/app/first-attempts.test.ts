import { expect, test } from 'vitest';
import type { EndpointGate, Passage } from '../../lib/app/endpoint-gate.ts';
import {
  deliverFirst,
  type FirstAttemptDependencies,
  unfinishedOf,
  wakeUpsFor,
} from '../../lib/app/first-attempts.ts';
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

test.each<[string, Passage, number]>([
  ['a slow one, at once', { is: 'slow' }, 0],
  ['one that others find out about, when they may have', { is: 'slow', inMs: 1000 }, 1500],
])('what is not attempted here is due, for %s', async (_, passage, later) => {
  const dependencies = { gate: { passage: () => passage }, now: () => nowMs, random: () => 0.5 };
  const [outcome] = await deliverFirst(
    dependencies as unknown as FirstAttemptDependencies,
    'event',
    { eventType: 'a', data: '1', headers: {} },
    [endpoint({})],
    () => undefined,
    nowMs + 1000,
  );
  expect(outcome!.delivery).toMatchObject({ state: 'queued', attempts: [], nextAttemptAtMs: nowMs + later });
});
