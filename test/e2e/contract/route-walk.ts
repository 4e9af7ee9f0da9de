import { beforeAll, describe, expect, test } from 'vitest';
import type { FanoutClient } from '../fanout-client.ts';
import { streamClient } from '../stream-client.ts';
import type { DocumentClient } from './document-client.ts';
import { type PlantedOrg, marker } from './planted-org.ts';

/** Every route of the document, called by who must not see what is there. */
export function routeWalkSuite(
  documents: () => DocumentClient,
  client: () => FanoutClient,
  planted: () => PlantedOrg,
): void {
  describe('a route of the document', () => {
    const foreign = { publisher: '', tenant: '' };
    let foreignOrg: string;

    beforeAll(async () => {
      const org = (foreignOrg = await client().createOrg());
      for (const role of ['publisher', 'tenant'] as const) {
        const body = { name: role, role };
        const { body: made } = await client().call<{ key: string }>('POST', `/v1/orgs/${org}/keys`, body);
        foreign[role] = made.key;
      }
    });

    const keyed = () => documents().api.operations.filter(({ roles }) => roles !== undefined);

    /** Calls each operation as its examples do, with the ids of the planted org. */
    async function walk(
      key: string,
      isMeant: (roles: readonly string[]) => boolean,
      allowed: readonly number[],
      query = '',
    ): Promise<number> {
      let calls = 0;
      for (const operation of keyed().filter(({ roles }) => isMeant(roles!))) {
        const examples = Object.values(operation.body?.examples ?? { none: undefined });
        for (const example of examples) {
          const body = example === undefined ? undefined : JSON.stringify(example);
          const answer = await documents().call(operation, { ids: planted().ids, query, body, key });
          expect(allowed, `${operation.route}: ${answer.text}`).toContain(answer.status);
          documents().api.expectDescribed(operation, answer);
          expect(answer.text, operation.route).not.toContain(marker);
          calls++;
        }
      }
      return calls;
    }

    test.each(['publisher', 'tenant'] as const)(
      'is closed to a %s of another org',
      { timeout: 60_000 },
      async (role) => {
        expect(await walk(foreign[role], () => true, [403, 404])).toBeGreaterThan(60);
        // Where it may be told whose thing it is.
        const query = `?org=${planted().ids['org']}`;
        expect(await walk(foreign[role], () => true, [400, 403, 404], query)).toBeGreaterThan(60);
      },
    );

    test.each(['publisher', 'tenant'] as const)(
      'that a %s has no right to is closed to that of the org itself',
      { timeout: 60_000 },
      async (role) => {
        const without = (roles: readonly string[]) => !roles.includes(role);
        expect(await walk(planted().keys[role], without, [403])).toBeGreaterThan(20);
      },
    );

    test('finds nothing of another org that is named in a body', async () => {
      const { endpoint, node, run, event } = planted().ids;
      // Without a stream a run is refused before anything is looked for.
      const streams = streamClient(client());
      await client().call('PUT', streams.path(foreignOrg));
      await streams.ready(foreignOrg);
      const range = { since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' };
      const inline = { config: { type: 'KAFKA', payload: {} } };
      const data = { event_type: 'a', data: {} };
      const bodies: [route: string, role: 'publisher' | 'tenant', body: object, status: number][] = [
        ['POST /v1/orgs/{org}/replays', 'tenant', { ...range, endpoint_id: endpoint }, 404],
        ['POST /v1/orgs/{org}/runs', 'publisher', { node }, 404],
        ['POST /v1/orgs/{org}/runs', 'publisher', { node: inline, run_id: run }, 404],
        // What its own org has is what it may be of; nothing is delivered to another's.
        ['POST /v1/orgs/{org}/events', 'publisher', { ...data, endpoint_id: endpoint }, 202],
      ];
      for (const [route, role, body, status] of bodies) {
        const answer = await documents().call(documents().operation(route), {
          ids: { org: foreignOrg },
          key: foreign[role],
          body: JSON.stringify(body),
        });
        expect(answer.status, `${route}: ${answer.text}`).toBe(status);
        expect(answer.text, route).not.toContain(marker);
      }
      const replayed = await documents().call(documents().operation('POST /v1/events/{event}/replay'), {
        ids: { event: event! },
        key: foreign.tenant,
        body: JSON.stringify({ endpoint_id: endpoint }),
      });
      expect(replayed.status).toBe(404);
    });

    test('leaves everything as it was', async () => {
      const { ids } = planted();
      for (const route of [
        'GET /v1/orgs/{org}',
        'GET /v1/orgs/{org}/keys',
        'GET /v1/orgs/{org}/endpoints/{endpoint}',
        'GET /v1/events/{event}',
        'GET /v1/orgs/{org}/replays/{replay}',
        'GET /v1/orgs/{org}/nodes/{node}',
        'GET /v1/workflows/runs/{run}',
        'GET /v1/orgs/{org}/topic-mapping',
        'GET /v1/orgs/{org}/stream',
      ]) {
        const { status, text } = await documents().call(documents().operation(route), { ids });
        expect(status, route).toBe(200);
        // It was there to be seen.
        expect(text, route).toContain(marker);
      }
    });
  });
}
