import { expect, test } from 'vitest';
import { type EventDependencies, eventOperations } from '../../../lib/app/api/events.ts';
import { journalEvent } from '../../journal-events.ts';

/** Lists two duplicates for acme, one of an event of its own and one of another org's. */
async function list(role: 'operator' | 'tenant') {
  const entries = ['own', 'theirs'].map((duplicateOf) => ({
    entry: journalEvent({ duplicateOf, target: { type: 'fanout', ownerId: 'acme' } }),
    cursor: '',
  }));
  const dependencies = {
    lists: { list: async () => ({ entries }) },
    events: { concerns: async (id: string, org: string) => id === 'own' && org === 'acme' },
    deliveries: { read: async () => [] },
    sources: [],
    retentionDays: 30,
    now: Date.now,
  } as unknown as EventDependencies;
  const operation = eventOperations(dependencies)['GET /v1/orgs/{org}/events']!;
  const caller = { role, orgId: 'acme' };
  const answer = await operation.run({ caller, path: { org: 'acme' }, query: {}, body: undefined, text: '' });
  return (answer.body as { data: { state: string; duplicate_of?: string }[] }).data;
}

test.each([
  ['tenant', ['own', undefined]],
  ['operator', ['own', 'theirs']],
] as const)('a %s is shown which event a duplicate is of where it may see that', async (role, shown) => {
  const data = await list(role);
  expect(data.map(({ duplicate_of }) => duplicate_of)).toEqual(shown);
  expect(data.map(({ state }) => state)).toEqual(['duplicate', 'duplicate']);
});
