import { describe, expect, test } from 'vitest';
import { type ApiClient, type List, problem, time, url } from './api-client.ts';

/** Orgs from the first call to the last. */
export function orgsSuite(api: () => ApiClient): void {
  describe('orgs', () => {
    test('are made, read, renamed and deleted', async () => {
      const made = await api().call('POST', '/v1/orgs', { id: 'life', name: '  Lïfe  ' });
      const org = { id: 'life', name: 'Lïfe', created_at: time };
      expect(made).toEqual({ status: 201, contentType: 'application/json', body: org });
      expect(await api().call('GET', '/v1/orgs/life')).toMatchObject({ status: 200, body: made.body });
      const renamed = { ...made.body, name: 'New' };
      expect(await api().call('PATCH', '/v1/orgs/life', { name: 'New' })).toMatchObject({
        status: 200,
        body: renamed,
      });
      expect((await api().call('GET', '/v1/orgs/life')).body).toEqual(renamed);
      expect(await api().call('DELETE', '/v1/orgs/life')).toMatchObject({ status: 204, body: undefined });
      for (const [method, body] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']] as const) {
        expect(await api().call(method, '/v1/orgs/life', body)).toMatchObject({
          status: 404,
          ...problem('not_found'),
        });
      }
    });

    test('are listed page by page', async () => {
      const made: string[] = [];
      for (let n = 0; n < 5; n++) made.push(await api().createOrg());
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: List = (await api().call<List>('GET', `/v1/orgs?limit=2&cursor=${cursor}`)).body;
        expect(page.data.length).toBeLessThanOrEqual(2);
        seen.push(...page.data.map(({ id }) => id));
        cursor = page.next_cursor;
      }
      expect(seen).toEqual([...new Set(seen)].sort());
      expect(seen).toEqual(expect.arrayContaining(made));
    });

    test('have an id once, however many ask for it at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, n) => api().call('POST', '/v1/orgs', { id: 'once', name: String(n) })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
      expect(answers.find(({ status }) => status === 409)).toMatchObject(problem('conflict'));
    });

    test('with endpoints cannot be deleted; without, their keys go with them', async () => {
      const org = await api().createOrg();
      const endpoint = await api().createEndpoint(org, url);
      const { key } = (
        await api().call<{ key: string }>('POST', `/v1/orgs/${org}/keys`, { name: 'a', role: 'tenant' })
      ).body;
      expect(await api().call('DELETE', `/v1/orgs/${org}`)).toMatchObject({
        status: 409,
        ...problem('conflict'),
      });
      expect((await api().call('GET', `/v1/orgs/${org}/endpoints/${endpoint.id}`)).status).toBe(200);

      expect((await api().call('DELETE', `/v1/orgs/${org}/endpoints/${endpoint.id}`)).status).toBe(204);
      expect((await api().call('DELETE', `/v1/orgs/${org}`)).status).toBe(204);
      expect((await api().call('GET', `/v1/orgs/${org}`, undefined, key)).status).toBe(403);
      expect((await api().call('GET', `/v1/orgs/${org}/keys`)).status).toBe(404);
    });

    test('leave their id to no other org while what they published is kept', async () => {
      const org = await api().createOrg();
      expect((await api().call('DELETE', `/v1/orgs/${org}`)).status).toBe(204);
      const again = await api().call('POST', '/v1/orgs', { id: org, name: 'again' });
      expect(again).toMatchObject({ status: 409, ...problem('conflict') });
      const [, until = ''] = /its id is free from (\S+) on/.exec(JSON.stringify(again.body)) ?? [];
      expect(Date.parse(until) - Date.now()).toBeGreaterThan(30 * 86_400_000);
      // Of an id that no org has had, nothing is kept.
      expect((await api().call('DELETE', '/v1/orgs/never-there')).status).toBe(404);
      expect((await api().call('POST', '/v1/orgs', { id: 'never-there', name: 'new' })).status).toBe(201);
    });
  });
}
