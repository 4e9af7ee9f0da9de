import { expect, test } from 'vitest';
import { route } from '../../lib/core/routing.ts';
import { endpoint } from '../endpoints.ts';

const noFilter = () => undefined;
const toOwner = {
  eventType: 'order.created',
  data: '{}',
  headers: {},
  target: { type: 'fanout', ownerId: 'acme' },
} as const;

test.each([
  ['*', true],
  ['order.created', true],
  ['order.*', true],
  ['order', false],
  ['orders.*', false],
  ['order.created.*', false],
  ['Order.created', false],
])('an endpoint that wants %s gets order.created: %s', (filter, receives) => {
  const { endpoints, notDelivered } = route(toOwner, [endpoint({ eventTypes: ['never', filter] })], noFilter);
  expect(endpoints.length === 1).toBe(receives);
  expect(notDelivered.map(({ reason }) => reason)).toEqual(receives ? [] : ['event_type']);
});

test('a paused endpoint is matched, a disabled one is not', () => {
  const { endpoints, notDelivered } = route(
    toOwner,
    [endpoint({ id: 'paused', status: 'paused' }), endpoint({ id: 'disabled', status: 'disabled' })],
    noFilter,
  );
  expect(endpoints.map(({ id }) => id)).toEqual(['paused']);
  expect(notDelivered).toEqual([{ endpointId: 'disabled', orgId: 'acme', reason: 'disabled' }]);
});

test('single: an endpoint of another owner than the one given receives nothing', () => {
  const target = { type: 'single', endpointId: 'ep_1', ownerId: 'other' } as const;
  const { endpoints, notDelivered } = route({ ...toOwner, eventType: 'a', target }, [endpoint()], noFilter);
  expect(endpoints).toEqual([]);
  expect(notDelivered).toEqual([{ endpointId: 'ep_1', orgId: 'acme', reason: 'owner_mismatch' }]);
});

test('single: an endpoint that is not there is named', () => {
  const target = { type: 'single', endpointId: 'ep_9' } as const;
  expect(route({ ...toOwner, eventType: 'a', target }, [], noFilter).notDelivered).toEqual([
    { endpointId: 'ep_9', reason: 'unknown_endpoint' },
  ]);
});

test('beyond 100 endpoints that do not receive, the rest is counted by reason', () => {
  const many = Array.from({ length: 150 }, (_, at) => endpoint({ id: `ep_${at}`, status: 'disabled' }));
  const { notDelivered, moreNotDelivered } = route(toOwner, many, noFilter);
  expect(notDelivered).toHaveLength(100);
  expect(moreNotDelivered).toEqual({ disabled: 50 });
});

test('an endpoint whose filter does not hold receives nothing, and the filter sees data and headers', () => {
  const asked: unknown[] = [];
  const filterOf = (asking: { id: string }) => (event: unknown) => {
    asked.push(event);
    return asking.id === 'yes';
  };
  const event = { ...toOwner, data: '{"n":1}', headers: { a: 'b' } };
  const { endpoints, notDelivered } = route(
    event,
    [endpoint({ id: 'yes' }), endpoint({ id: 'no' })],
    filterOf,
  );
  expect(endpoints.map(({ id }) => id)).toEqual(['yes']);
  expect(notDelivered).toEqual([{ endpointId: 'no', orgId: 'acme', reason: 'filter' }]);
  expect(asked[0]).toEqual({ data: { n: 1 }, headers: { a: 'b' } });
});
