import { expect, test } from 'vitest';
import { route } from '../../lib/core/routing.ts';
import { endpoint } from '../endpoints.ts';

const toOwner = { eventType: 'order.created', target: { type: 'fanout', ownerId: 'acme' } } as const;

test.each([
  ['*', true],
  ['order.created', true],
  ['order.*', true],
  ['order', false],
  ['orders.*', false],
  ['order.created.*', false],
  ['Order.created', false],
])('an endpoint that wants %s gets order.created: %s', (filter, receives) => {
  const { endpoints, notDelivered } = route(toOwner, [endpoint({ eventTypes: ['never', filter] })]);
  expect(endpoints.length === 1).toBe(receives);
  expect(notDelivered.map(({ reason }) => reason)).toEqual(receives ? [] : ['event_type']);
});

test('a paused endpoint is matched, a disabled one is not', () => {
  const { endpoints, notDelivered } = route(toOwner, [
    endpoint({ id: 'paused', status: 'paused' }),
    endpoint({ id: 'disabled', status: 'disabled' }),
  ]);
  expect(endpoints.map(({ id }) => id)).toEqual(['paused']);
  expect(notDelivered).toEqual([{ endpointId: 'disabled', orgId: 'acme', reason: 'disabled' }]);
});

test('single: an endpoint of another owner than the one given receives nothing', () => {
  const target = { type: 'single', endpointId: 'ep_1', ownerId: 'other' } as const;
  const { endpoints, notDelivered } = route({ eventType: 'a', target }, [endpoint()]);
  expect(endpoints).toEqual([]);
  expect(notDelivered).toEqual([{ endpointId: 'ep_1', orgId: 'acme', reason: 'owner_mismatch' }]);
});

test('single: an endpoint that is not there is named', () => {
  const target = { type: 'single', endpointId: 'ep_9' } as const;
  expect(route({ eventType: 'a', target }, []).notDelivered).toEqual([
    { endpointId: 'ep_9', reason: 'unknown_endpoint' },
  ]);
});

test('beyond 100 endpoints that do not receive, the rest is counted by reason', () => {
  const many = Array.from({ length: 150 }, (_, at) => endpoint({ id: `ep_${at}`, status: 'disabled' }));
  const { notDelivered, moreNotDelivered } = route(toOwner, many);
  expect(notDelivered).toHaveLength(100);
  expect(moreNotDelivered).toEqual({ disabled: 50 });
});
