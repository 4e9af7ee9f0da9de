import { describe, expect, test } from 'vitest';
import { type ApiClient, type EndpointBody, problem, time, url, webhook } from './api-client.ts';
import { endpointSecretsSuite } from './endpoint-secrets.ts';

const masked = expect.stringMatching(/^whsec_….{4}$/) as string;
const none = { attempts: 0, failed_attempts: 0, delivered: 0, failed: 0 };
/** What only an endpoint that is asked for alone says. */
const deliveries = { last_hour: none, last_day: none };

/** Endpoints from the first call to the last. */
export function endpointsSuite(api: () => ApiClient): void {
  describe('endpoints', () => {
    test('get what was not given by default, and show their secret once', async () => {
      const org = await api().createOrg();
      const made = await api().call<EndpointBody>('POST', `/v1/orgs/${org}/endpoints`, webhook);
      expect(made).toEqual({
        status: 201,
        contentType: 'application/json',
        body: {
          id: expect.stringMatching(/^ep_[a-z2-9]{20}$/) as string,
          owner_id: org,
          type: 'webhook',
          description: '',
          event_types: ['*'],
          status: 'active',
          rate_limit: null,
          retry: { schedule_seconds: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] },
          config: { url, timeout_ms: 10_000, headers: {} },
          credentials: { secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string },
          created_at: time,
          updated_at: time,
        },
      });
      const path = `/v1/orgs/${org}/endpoints`;
      const shown = { ...made.body, credentials: { secret: masked } };
      const alone = { ...shown, deliveries };
      expect((await api().call('GET', `${path}/${made.body.id}`)).body).toEqual(alone);
      expect((await api().call('GET', path)).body).toEqual({ data: [shown], next_cursor: null });
      const changed = await api().call<EndpointBody>('PATCH', `${path}/${made.body.id}`, {});
      expect(changed.body).toEqual({ ...shown, updated_at: time });
      const secret = made.body.credentials.secret.slice(6, 40);
      for (const { body } of [await api().call('GET', path), changed])
        expect(JSON.stringify(body)).not.toContain(secret);
    });

    test('keep all that was given', async () => {
      const org = await api().createOrg();
      const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
      const given = {
        id: `${org}-given`,
        type: 'webhook',
        description: 'orders',
        event_types: ['order.*', 'paid'],
        status: 'paused',
        retry: { schedule_seconds: [] },
        config: { url: `${url}?a=b`, timeout_ms: 100, headers: { 'X-Tenant': 'ünï' } },
        credentials: { secret },
      };
      const made = await api().call('POST', `/v1/orgs/${org}/endpoints`, given);
      const config = { ...given.config, headers: { 'x-tenant': 'ünï' } };
      expect(made).toMatchObject({ status: 201, body: { ...given, config } });
      expect((await api().call('GET', `/v1/orgs/${org}/endpoints/${given.id}`)).body).toMatchObject({
        ...given,
        config,
        credentials: { secret: `whsec_…${secret.slice(-4)}` },
      });
    });

    test('change only in what a PATCH names', async () => {
      const org = await api().createOrg();
      const headers = { 'x-a': '1', 'x-b': '2' };
      const { id } = await api().createEndpoint(org, url, {
        event_types: ['a', 'b'],
        description: 'before',
        retry: { schedule_seconds: [1] },
        config: { timeout_ms: 500, headers },
      });
      const path = `/v1/orgs/${org}/endpoints/${id}`;
      let expected = (await api().call<EndpointBody>('PATCH', path, {})).body;
      const steps: [change: object, result: object][] = [
        [{ description: '' }, { description: '' }],
        [{ event_types: ['c.*'] }, { event_types: ['c.*'] }],
        [{ status: 'disabled' }, { status: 'disabled' }],
        [{ config: {} }, {}],
        [{ config: { timeout_ms: 900 } }, { config: { ...expected.config, timeout_ms: 900 } }],
        [
          { config: { headers: { 'X-C': '3' } } },
          { config: { url, timeout_ms: 900, headers: { 'x-c': '3' } } },
        ],
        [{ config: { headers: {} } }, { config: { url, timeout_ms: 900, headers: {} } }],
        [{ config: { url: `${url}2` } }, { config: { url: `${url}2`, timeout_ms: 900, headers: {} } }],
        [{ retry: { schedule_seconds: [] } }, { retry: { schedule_seconds: [] } }],
        [
          { retry: null, status: 'active' },
          { retry: { schedule_seconds: expect.arrayContaining([86_400]) as number[] }, status: 'active' },
        ],
      ];
      for (const [change, result] of steps) {
        const { status, body } = await api().call<EndpointBody>('PATCH', path, change);
        expect(status).toBe(200);
        expect(body, JSON.stringify(change)).toEqual({ ...expected, ...result, updated_at: time });
        expect(body.updated_at >= expected.updated_at).toBe(true);
        expect((await api().call('GET', path)).body).toEqual({ ...body, deliveries });
        expected = body;
      }
      for (const fixed of [
        { id: 'other' },
        { type: 'webhook' },
        { owner_id: 'other' },
        { credentials: {} },
      ]) {
        expect(await api().call('PATCH', path, fixed)).toMatchObject({
          status: 400,
          body: { errors: [{ path: Object.keys(fixed)[0], message: 'is not a field' }] },
        });
      }
      expect((await api().call('GET', path)).body).toEqual({ ...expected, deliveries });
    });

    test('changed by many at once lose none of the changes', async () => {
      const org = await api().createOrg();
      const { id } = await api().createEndpoint(org, url);
      const path = `/v1/orgs/${org}/endpoints/${id}`;
      const changes = [
        { description: 'd' },
        { status: 'paused' },
        { event_types: ['x'] },
        { config: { timeout_ms: 123 } },
      ];
      const answers = await Promise.all(changes.map((change) => api().call('PATCH', path, change)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect((await api().call('GET', path)).body).toMatchObject(Object.assign({}, ...changes) as object);
    });

    test('have an id once in all orgs, and answer only under their own', async () => {
      const [org, other] = [await api().createOrg(), await api().createOrg()];
      const { id } = await api().createEndpoint(org, url, { id: `${org}-mine`, description: 'mine' });
      for (const anyone of [org, other]) {
        const again = await api().call('POST', `/v1/orgs/${anyone}/endpoints`, { ...webhook, id });
        expect(again).toMatchObject({ status: 409, ...problem('conflict') });
      }
      const foreign = `/v1/orgs/${other}/endpoints/${id}`;
      for (const [method, body] of [['GET'], ['PATCH', { description: 'theirs' }], ['DELETE']] as const) {
        expect(await api().call(method, foreign, body), method).toMatchObject({
          status: 404,
          ...problem('not_found'),
        });
      }
      const own = `/v1/orgs/${org}/endpoints/${id}`;
      expect((await api().call('GET', own)).body).toMatchObject({ description: 'mine', owner_id: org });
      expect((await api().call('DELETE', own)).status).toBe(204);
      for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
        expect((await api().call(method, own, body)).status).toBe(404);
      }
    });

    test('and keys need their org', async () => {
      const endpoints = await api().call('POST', '/v1/orgs/nobody/endpoints', webhook);
      expect(endpoints).toMatchObject({ status: 404, ...problem('not_found') });
      const keys = await api().call('POST', '/v1/orgs/nobody/keys', { name: 'a', role: 'tenant' });
      expect(keys).toMatchObject({ status: 404, ...problem('not_found') });
      for (const list of ['/v1/orgs/nobody/endpoints', '/v1/orgs/nobody/keys']) {
        expect(await api().call('GET', list)).toMatchObject({ status: 404, ...problem('not_found') });
      }
    });

    test('a filter is checked, kept, shown and taken away again', async () => {
      const org = await api().createOrg();
      const filter = { data: { amount: { $gte: 100 } } };
      const { id } = await api().createEndpoint(org, webhook.config.url, { filter });
      const path = `/v1/orgs/${org}/endpoints/${id}`;
      expect((await api().call('GET', path)).body).toMatchObject({ filter });
      const wrong = await api().call('PATCH', path, { filter: { data: { amount: { $near: 1 } } } });
      expect(wrong).toMatchObject({ status: 400, body: { errors: [{ path: 'filter.data.amount.$near' }] } });
      expect((await api().call('PATCH', path, { filter: null })).body).not.toHaveProperty('filter');
    });
  });
  endpointSecretsSuite(api);
}
