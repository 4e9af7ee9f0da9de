import { expect, test } from 'vitest';
import { splitByOrg } from '../../lib/core/journal.ts';
import { journalEvent } from '../journal-events.ts';

const delivery = (orgId: string, endpointId: string) =>
  ({ endpointId, orgId, state: 'delivered', attempts: [] }) as const;

test('each org sees its own endpoints and nobody else’s', () => {
  const event = journalEvent({
    target: { type: 'broadcast' },
    deliveries: [delivery('acme', 'a1'), delivery('globex', 'g1')],
    notDelivered: [{ endpointId: 'a2', orgId: 'acme', reason: 'event_type' }],
  });
  const split = splitByOrg(event);
  // What concerns neither stands apart, for operators.
  expect([...split.keys()].sort()).toEqual(['-', 'acme', 'globex']);
  expect(split.get('-')).toEqual({ ...event, deliveries: [], notDelivered: [] });
  expect(split.get('acme')).toEqual({ ...event, deliveries: [delivery('acme', 'a1')] });
  expect(split.get('globex')).toEqual({ ...event, deliveries: [delivery('globex', 'g1')], notDelivered: [] });
});

test('an owner without endpoints still sees the event', () => {
  expect([...splitByOrg(journalEvent({ target: { type: 'fanout', ownerId: 'acme' } })).keys()]).toEqual([
    'acme',
  ]);
});

test('an owner mismatch is not shown to the endpoint’s org', () => {
  const event = journalEvent({
    target: { type: 'single', endpointId: 'a1', ownerId: 'globex' },
    notDelivered: [{ endpointId: 'a1', orgId: 'acme', reason: 'owner_mismatch' }],
  });
  expect([...splitByOrg(event).keys()]).toEqual(['-']);
});
