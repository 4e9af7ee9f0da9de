import { expect, test } from 'vitest';
import { publishedSource } from '../../lib/core/event-id.ts';
import { partFor, splitByOrg } from '../../lib/core/journal.ts';
import type { RecordEvent } from '../../lib/core/record-event.ts';
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

test('a duplicate is its owner’s where it names one', () => {
  const duplicateOf = '01HF7YAT00QKZ1V2B3N4M5P6R7';
  const orgs = (target: RecordEvent['target']) => [
    ...splitByOrg(journalEvent({ target, duplicateOf })).keys(),
  ];
  expect(orgs({ type: 'single', endpointId: 'a1', ownerId: 'acme' })).toEqual(['acme']);
  expect(orgs({ type: 'single', endpointId: 'a1' })).toEqual(['-']);
  expect(orgs({ type: 'fanout', ownerId: 'acme' })).toEqual(['acme']);
  expect(orgs({ type: 'broadcast' })).toEqual(['-']);
});

test('what an org publishes is its own, also where it names an endpoint that is not', () => {
  const event = journalEvent({
    address: { source: publishedSource, partition: 1, offset: 2, index: 0 },
    target: { type: 'single', endpointId: 'a1', ownerId: 'globex' },
    notDelivered: [{ endpointId: 'a1', orgId: 'acme', reason: 'owner_mismatch' }],
  });
  const split = splitByOrg(event);
  expect(split.get('globex')).toEqual({ ...event, notDelivered: [] });
  expect(split.get('-')).toEqual(event);
  expect([...split.keys()].sort()).toEqual(['-', 'globex']);
});

test('the counted why-nots of a broadcast are nobody’s, also where one org is listed', () => {
  const event = journalEvent({ deliveries: [delivery('acme', 'a1')], moreNotDelivered: { filter: 3 } });
  const split = splitByOrg(event);
  expect(split.get('acme')).toEqual({ ...event, moreNotDelivered: {} });
  expect(split.get('-')).toEqual({ ...event, deliveries: [] });
  expect(partFor(event, 'acme')).toEqual(split.get('acme'));
  expect(partFor(event, 'globex')).toBeUndefined();
});

test('splitting looks at each delivery once, whatever the number of orgs', () => {
  let looks = 0;
  const deliveries = Array.from({ length: 2000 }, (_, n) => ({
    endpointId: `ep_${n}`,
    get orgId() {
      looks++;
      return `org-${n}`;
    },
    state: 'delivered' as const,
    attempts: [],
  }));
  expect(splitByOrg(journalEvent({ deliveries })).size).toBe(2001);
  expect(looks).toBe(2000);
});
