import { describe, expect, test } from 'vitest';
import { type ApiClient, type EndpointBody, url, webhook } from './api-client.ts';

/** What endpoints keep of a receiver's credentials, and what they show of them. */
export function endpointSecretsSuite(api: () => ApiClient): void {
  describe('credentials of endpoints', () => {
    test('auth is kept, shown masked, changed as a whole and taken away again', async () => {
      const org = await api().createOrg();
      const basic = { type: 'basic', username: 'user', password: 'a password-ab12' };
      const made = await api().call<EndpointBody>('POST', `/v1/orgs/${org}/endpoints`, {
        ...webhook,
        auth: basic,
      });
      expect(made).toMatchObject({ status: 201, body: { auth: { ...basic, password: '…ab12' } } });
      const path = `/v1/orgs/${org}/endpoints/${made.body.id}`;
      const steps: [change: object, shown: object | undefined][] = [
        [{ description: 'x' }, { ...basic, password: '…ab12' }],
        [{ auth: { ...basic, password: 'eleven-long' } }, { ...basic, password: '…' }],
        [{ auth: { type: 'bearer', token: 'twelve-long-' } }, { type: 'bearer', token: '…ong-' }],
        [{ auth: null }, undefined],
        [{ auth: null }, undefined],
      ];
      for (const [change, shown] of steps) {
        expect((await api().call('PATCH', path, change)).status, JSON.stringify(change)).toBe(200);
        expect((await api().call<{ auth?: object }>('GET', path)).body.auth).toEqual(shown);
      }
    });

    test('auth that cannot be sent is refused, naming the field and not what it holds', async () => {
      const org = await api().createOrg();
      const basic = { type: 'basic', username: 'user', password: 'password' };
      for (const [auth, at] of [
        [{ ...basic, username: 'us:er' }, 'auth.username'],
        [{ ...basic, username: '' }, 'auth.username'],
        [{ ...basic, password: '' }, 'auth.password'],
        [{ ...basic, password: 'hidden\u0000' }, 'auth.password'],
        [{ ...basic, password: 'x'.repeat(1025) }, 'auth.password'],
        [{ ...basic, password: '…ab12' }, 'auth.password'],
        [{ type: 'bearer', token: 'hidden\r\nx-a: b' }, 'auth.token'],
        [{ type: 'bearer', token: 'hidden', password: 'hidden' }, 'auth.password'],
        [{ type: 'bearer' }, 'auth.token'],
        [{ type: 'digest', token: 'hidden' }, 'auth.type'],
        ['hidden', 'auth'],
      ] as const) {
        const answer = await api().call('POST', `/v1/orgs/${org}/endpoints`, { ...webhook, auth });
        expect(answer, JSON.stringify(auth)).toMatchObject({ status: 400, body: { errors: [{ path: at }] } });
        expect(JSON.stringify(answer.body)).not.toContain('hidden');
      }
    });

    test('auth and a header of the same name exclude each other', async () => {
      const org = await api().createOrg();
      const auth = { type: 'bearer', token: 'a token' };
      const headers = { Authorization: 'Bearer another' };
      const both = { errors: [{ path: 'auth' }, { path: 'config.headers.authorization' }] };
      const refused = { status: 400, body: both };
      const path = `/v1/orgs/${org}/endpoints`;
      expect(await api().call('POST', path, { ...webhook, auth, config: { url, headers } })).toMatchObject(
        refused,
      );
      const first = await api().createEndpoint(org, url, { auth });
      expect(await api().call('PATCH', `${path}/${first.id}`, { config: { headers } })).toMatchObject(
        refused,
      );
      const second = await api().createEndpoint(org, url, { config: { headers } });
      expect(await api().call('PATCH', `${path}/${second.id}`, { auth })).toMatchObject(refused);
      const instead = { auth, config: { headers: {} } };
      expect((await api().call('PATCH', `${path}/${second.id}`, instead)).status).toBe(200);
    });

    test('headers that are secrets are shown masked, and a mask is not taken for one', async () => {
      const org = await api().createOrg();
      const headers = {
        authorization: 'Bearer 0123456789',
        cookie: 'a=0123456789',
        'x-api-key': 'short',
        'x-auth-token': '0123456789ab',
        'client-secret': '0123456789cd',
        'x-tenant': '0123456789ef',
      };
      const { id } = await api().createEndpoint(org, url, { config: { headers } });
      const path = `/v1/orgs/${org}/endpoints/${id}`;
      const shown = {
        authorization: '…6789',
        cookie: '…6789',
        'x-api-key': '…',
        'x-auth-token': '…89ab',
        'client-secret': '…89cd',
        'x-tenant': '0123456789ef',
      };
      const answers = [await api().call('PATCH', path, {}), await api().call('GET', path)];
      for (const { body } of answers) expect(body).toMatchObject({ config: { headers: shown } });
      const sentBack = await api().call('PATCH', path, { config: { headers: shown } });
      expect(sentBack).toMatchObject({
        status: 400,
        body: {
          errors: Object.keys(shown)
            .filter((name) => name !== 'x-tenant')
            .map((name) => ({ path: `config.headers.${name}` })),
        },
      });
    });
  });
}
