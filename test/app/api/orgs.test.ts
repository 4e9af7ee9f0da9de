import { expect, test } from 'vitest';
import { type OrgDependencies, orgOperations } from '../../../lib/app/api/orgs.ts';
import type { Documents } from '../../../lib/app/ports/documents.ts';

const dayMs = 86_400_000;

/** Documents in memory, of any kind. */
function memoryDocuments<T extends { id: string }>() {
  const known = new Map<string, T>();
  const documents: Pick<Documents<T>, 'create' | 'get' | 'list' | 'delete'> = {
    create: async (one) => (known.has(one.id) ? 'exists' : (known.set(one.id, one), 'created')),
    get: async (id) => known.get(id),
    list: async () => ({ items: [] }),
    delete: async ({ id }) => known.delete(id),
  };
  return documents as Documents<T>;
}

test('the id of a deleted org is free again once nothing of it is kept: events, and runs that timed out a week later', async () => {
  const kept = new Map<string, number>();
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const none = memoryDocuments<never>();
  const operations = orgOperations({
    orgs: memoryDocuments(),
    keys: none,
    endpoints: none,
    nodes: none,
    replays: none,
    mappings: none,
    streamJobs: { streams: none } as unknown as OrgDependencies['streamJobs'],
    formerOrgs: {
      keep: async (id, untilMs) => void kept.set(id, untilMs),
      keptUntilMs: async (id) => kept.get(id),
    },
    retentionDays: 30,
    now: () => nowMs,
  });
  const call = (route: string, path: Record<string, string>, body: object = {}) =>
    operations[route]!.run({ caller: { role: 'operator' }, path, query: {}, body, text: '' });
  const make = () => call('POST /v1/orgs', {}, { id: 'acme', name: 'Acme' });

  await make();
  await call('DELETE /v1/orgs/{org}', { org: 'acme' });
  nowMs += 38 * dayMs - 1;
  await expect(make()).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('2026-02-08T00:00:00.000Z') as string,
  });
  nowMs += 1;
  expect(await make()).toMatchObject({ status: 201 });
});
