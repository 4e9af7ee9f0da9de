import { beforeAll, describe, expect, test } from 'vitest';
import { keyedRoutes } from '../../../infra/stacks/api.ts';
import { type ApiClient, type List, problem, time, url } from './api-client.ts';

type Who = 'operator' | 'publisher' | 'tenant' | 'foreign publisher' | 'foreign tenant';
const operator: Who[] = ['operator'];
const manages: Who[] = ['operator', 'tenant'];
const publishes: Who[] = ['operator', 'publisher'];
const reads: Who[] = ['operator', 'publisher', 'tenant'];
const anyKey: Who[] = [...reads, 'foreign publisher', 'foreign tenant'];

/** Who may call what; of the routes without an org the answer itself shows each org its own. */
const allowed: Readonly<Record<string, readonly Who[]>> = {
  'POST /v1/orgs': operator,
  'GET /v1/orgs': operator,
  'GET /v1/orgs/{org}': reads,
  'PATCH /v1/orgs/{org}': operator,
  'DELETE /v1/orgs/{org}': operator,
  'POST /v1/keys': operator,
  'GET /v1/keys': operator,
  'DELETE /v1/keys/{key}': operator,
  'POST /v1/orgs/{org}/keys': operator,
  'GET /v1/orgs/{org}/keys': operator,
  'DELETE /v1/orgs/{org}/keys/{key}': operator,
  'POST /v1/orgs/{org}/endpoints': manages,
  'GET /v1/orgs/{org}/endpoints': reads,
  'GET /v1/orgs/{org}/endpoints/{endpoint}': reads,
  'PATCH /v1/orgs/{org}/endpoints/{endpoint}': manages,
  'DELETE /v1/orgs/{org}/endpoints/{endpoint}': manages,
  'POST /v1/orgs/{org}/endpoints/{endpoint}/rotate-secret': manages,
  'POST /v1/orgs/{org}/endpoints/{endpoint}/test': manages,
  'GET /v1/events/{event}': anyKey,
  'POST /v1/events/{event}/replay': ['operator', 'tenant', 'foreign tenant'],
  'GET /v1/orgs/{org}/deliveries': reads,
  'POST /v1/deliveries/{delivery}/retry': ['operator', 'tenant', 'foreign tenant'],
  'POST /v1/orgs/{org}/replays': manages,
  'GET /v1/orgs/{org}/replays': manages,
  'GET /v1/orgs/{org}/replays/{replay}': manages,
  'DELETE /v1/orgs/{org}/replays/{replay}': manages,
  'POST /v1/orgs/{org}/replays/{replay}/resume': manages,
  'PUT /v1/orgs/{org}/stream': manages,
  'GET /v1/orgs/{org}/stream': reads,
  'DELETE /v1/orgs/{org}/stream': manages,
  'POST /v1/orgs/{org}/stream/rotate': manages,
  'PUT /v1/orgs/{org}/nodes/{node}': ['operator', 'publisher'],
  'GET /v1/orgs/{org}/nodes/{node}': reads,
  'DELETE /v1/orgs/{org}/nodes/{node}': ['operator', 'publisher'],
  'POST /v1/orgs/{org}/runs': ['operator', 'publisher'],
  'GET /v1/workflows/runs/{run}': anyKey,
  'PATCH /v1/workflows/runs/{run}/nodes/{nodeRun}': anyKey,
  'PATCH /v1/workflows/nodes/runs/{nodeRun}': anyKey,
  'PUT /v1/orgs/{org}/topic-mapping': publishes,
  'GET /v1/orgs/{org}/topic-mapping': reads,
  'POST /v1/orgs/{org}/notifications': publishes,
  'POST /v1/orgs/{org}/prices': publishes,
  'POST /v1/orgs/{org}/ledger-events': publishes,
  'GET /v1/quarantine': operator,
  'GET /v1/quarantine/{id}': operator,
  'POST /v1/quarantine/{id}/redrive': operator,
  'POST /v1/orgs/{org}/events': ['operator', 'publisher'],
  'GET /v1/orgs/{org}/events': reads,
  'GET /v1/events': operator,
  'GET /v1/sources': operator,
  'GET /v1/sources/{source}': operator,
  'PUT /v1/sources/{source}': operator,
  'POST /v1/sources/{source}/dry-run': operator,
  'POST /v1/sources/{source}/skip': operator,
};

/** Who may call what, and the keys by which that is told. */
export function accessSuite(api: () => ApiClient, apiUrl: () => string): void {
  describe('a caller', () => {
    let org: string;
    let endpoint: string;
    const keys = new Map<Who, string>();

    beforeAll(async () => {
      org = await api().createOrg();
      endpoint = (await api().createEndpoint(org, url)).id;
      const foreign = await api().createOrg();
      const make = async (who: Who, path: string, role?: string) =>
        keys.set(who, (await api().createKey(path, { name: who, ...(role && { role }) })).key);
      await make('operator', '/v1/keys');
      await make('publisher', `/v1/orgs/${org}/keys`, 'publisher');
      await make('tenant', `/v1/orgs/${org}/keys`, 'tenant');
      await make('foreign publisher', `/v1/orgs/${foreign}/keys`, 'publisher');
      await make('foreign tenant', `/v1/orgs/${foreign}/keys`, 'tenant');
    });

    test('is told of in the table for every route that needs a key', () => {
      expect(Object.keys(allowed).sort()).toEqual([...keyedRoutes].sort());
    });

    test.each(keyedRoutes)('of %s needs a role and an org that may', async (route) => {
      const [method, template] = route.split(' ') as [string, string];
      // Nothing has these ids, and of an empty body nothing can be made but a stream.
      const path = template.replace('{org}', org).replaceAll(/\{\w+\}/g, 'unknown');
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined;
      for (const [who, key] of keys) {
        const answer = await api().call(method, path, body, key);
        if (allowed[route]!.includes(who))
          expect([200, 202, 400, 404, 409, 422], who).toContain(answer.status);
        else expect(answer, who).toMatchObject({ status: 403, ...problem('forbidden') });
      }
      expect((await api().call('GET', `/v1/orgs/${org}/endpoints/${endpoint}`)).status).toBe(200);
    });

    test.each(keyedRoutes)(
      'of %s without a key, or with a wrong one, does not get past the gateway',
      async (route) => {
        const [method, template] = route.split(' ') as [string, string];
        const path = template.replace('{org}', org).replace(/\{\w+\}/, endpoint);
        const without = await fetch(apiUrl() + path, { method });
        expect([without.status, await without.json()]).toEqual([401, { message: 'Unauthorized' }]);
        const wrong = await api().call(method, path, undefined, 'wrong');
        expect([wrong.status, wrong.body]).toEqual([403, { message: 'Forbidden' }]);
      },
    );

    test('who manages endpoints can, and who reads them can', async () => {
      const path = `/v1/orgs/${org}/endpoints`;
      const as = (who: Who, method: string, at: string, body?: unknown) =>
        api().call<List>(method, at, body, keys.get(who));
      const body = { id: `${org}-own`, type: 'webhook', config: { url } };
      expect((await as('tenant', 'POST', path, body)).status).toBe(201);
      expect((await as('tenant', 'PATCH', `${path}/${body.id}`, { description: 'x' })).status).toBe(200);
      expect((await as('publisher', 'GET', `${path}/${body.id}`)).status).toBe(200);
      expect((await as('publisher', 'GET', path)).body.data.map(({ id }) => id)).toContain(body.id);
      expect((await as('publisher', 'GET', `/v1/orgs/${org}`)).body).toMatchObject({ id: org });
      expect((await as('tenant', 'DELETE', `${path}/${body.id}`)).status).toBe(204);
    });

    test('is refused by the gateway with anything that is not quite a key', async () => {
      const key = keys.get('tenant')!;
      const status = async (authorization: string) =>
        (await fetch(`${apiUrl()}/v1/orgs/${org}`, { headers: { authorization } })).status;
      for (const good of [`Bearer ${key}`, `bearer ${key}`, `BEARER  ${key}`])
        expect(await status(good)).toBe(200);
      const another = keys.get('publisher')!;
      const last = key.at(-1) === 'A' ? 'E' : 'A';
      const wrong = [
        key,
        'Bearer',
        `Basic ${key}`,
        `Bearer ${key}x`,
        `Bearer ${key.slice(0, -1)}`,
        `Bearer ${key.slice(0, -1)}${last}`,
        `Bearer ${key.toUpperCase()}`,
        // The id of one key and the secret of another.
        `Bearer ${key.slice(0, 28)}${another.slice(28)}`,
        `Bearer ${key} ${key}`,
        `Bearer ${key}, Bearer ${key}`,
        `Bearer ${'x'.repeat(5000)}`,
        'Bearer __proto__',
      ];
      for (const authorization of wrong) expect(await status(authorization), authorization).toBe(403);
    });
  });

  describe('a key', () => {
    test('is shown once, and listed without its secret', async () => {
      const org = await api().createOrg();
      const path = `/v1/orgs/${org}/keys`;
      const made = await api().call<{ id: string; key: string }>('POST', path, {
        name: ' ci ',
        role: 'publisher',
      });
      const shown = { id: made.body.id, org, name: 'ci', role: 'publisher', created_at: time };
      expect(made).toMatchObject({ status: 201, contentType: 'application/json' });
      expect(made.body).toEqual({
        ...shown,
        key: expect.stringMatching(/^fanout_[a-z2-9]{20}_.{43}$/) as string,
      });
      expect((await api().call('GET', path)).body).toEqual({ data: [shown], next_cursor: null });
    });

    test('that is deleted is refused from then on', async () => {
      const org = await api().createOrg();
      const path = `/v1/orgs/${org}/keys`;
      const [gone, stays] = [
        await api().createKey(path, { name: 'gone', role: 'tenant' }),
        await api().createKey(path, { name: 'stays', role: 'tenant' }),
      ];
      expect((await api().call('DELETE', `${path}/${gone.id}`)).status).toBe(204);
      // Neither was used before: the gateway remembers a key that was for up to a minute.
      expect((await api().call('GET', `/v1/orgs/${org}`, undefined, gone.key)).status).toBe(403);
      expect((await api().call('GET', `/v1/orgs/${org}`, undefined, stays.key)).status).toBe(200);
      expect(await api().call('DELETE', `${path}/${gone.id}`)).toMatchObject({
        status: 404,
        ...problem('not_found'),
      });
      expect((await api().call<List>('GET', path)).body.data.map(({ id }) => id)).toEqual([stays.id]);
    });

    test('is found only where it belongs: under its org, or among the operators’', async () => {
      const [org, other] = [await api().createOrg(), await api().createOrg()];
      const ofOrg = await api().createKey(`/v1/orgs/${org}/keys`, { name: 'a', role: 'tenant' });
      const ofOperator = await api().createKey('/v1/keys', { name: 'b' });
      for (const path of [
        `/v1/orgs/${other}/keys/${ofOrg.id}`,
        `/v1/keys/${ofOrg.id}`,
        `/v1/orgs/${org}/keys/${ofOperator.id}`,
      ]) {
        expect((await api().call('DELETE', path)).status, path).toBe(404);
      }
      const ids = async (path: string) => (await api().call<List>('GET', path)).body.data.map(({ id }) => id);
      expect(await ids(`/v1/orgs/${org}/keys`)).toEqual([ofOrg.id]);
      expect(await ids(`/v1/orgs/${other}/keys`)).toEqual([]);
      expect(await ids('/v1/keys')).toContain(ofOperator.id);
      expect(await ids('/v1/keys')).not.toContain(ofOrg.id);
      expect((await api().call('DELETE', `/v1/keys/${ofOperator.id}`)).status).toBe(204);
    });
  });
}
