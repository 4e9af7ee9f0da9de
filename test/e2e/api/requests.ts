import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyedRoutes } from '../../../infra/stacks/api.ts';
import { type ApiClient, type List, problem, url, webhook } from './api-client.ts';

/** What the API makes of requests that are not as they should be. */
export function requestsSuite(api: () => ApiClient): void {
  describe('what is sent', () => {
    test('is refused where it is not JSON in UTF-8 of at most a mebibyte', async () => {
      const [json, name] = ['application/json', '{"id": "x", "name": "x"'];
      const notUtf8 = Buffer.concat([
        Buffer.from('{"id": "utf8", "name": "'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('"}'),
      ]);
      const rows: [
        body: Uint8Array<ArrayBuffer> | string,
        type: string | undefined,
        status: number,
        kind: string,
      ][] = [
        ['{"id": ', json, 400, 'invalid_request'],
        ['', json, 400, 'invalid_request'],
        ['not json', json, 400, 'invalid_request'],
        [new Uint8Array(notUtf8), 'application/vnd.fanout+json', 400, 'invalid_request'],
        [`${name}}`, 'text/plain', 415, 'unsupported_media_type'],
        [`${name}}`, 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
        [`${name}}`, 'application/jsonp', 415, 'unsupported_media_type'],
        [`${name}}`, undefined, 415, 'unsupported_media_type'],
        [`${name}}${' '.repeat(1024 * 1024)}`, json, 413, 'too_large'],
        ['['.repeat(500_000), json, 400, 'invalid_request'],
        [`${'['.repeat(500_000)}${']'.repeat(500_000)}`, json, 400, 'invalid_request'],
        [`${name}, "deep": ${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, json, 400, 'invalid_request'],
      ];
      for (const [body, type, status, kind] of rows) {
        const answer = await api().postRaw('/v1/orgs', body, type);
        expect(answer, `${type} ${String(body).slice(0, 40)}`).toMatchObject({ status, ...problem(kind) });
      }
      expect((await api().call('GET', '/v1/orgs/x')).status).toBe(404);
      expect(
        (await api().postRaw('/v1/orgs', '{"id":"charset","name":"x"}', 'Application/JSON; charset=UTF-8'))
          .status,
      ).toBe(201);
    });

    test('is told every wrong field at once, with its path', async () => {
      const org = await api().createOrg();
      const { status, contentType, body } = await api().call('POST', `/v1/orgs/${org}/endpoints`, {
        id: 'has.dot',
        type: 'smtp',
        description: 7,
        event_types: ['ok', 'two words', 3],
        status: 'on',
        retry: { schedule_seconds: [0, 1.5], forever: true },
        config: {
          url: 'https://u:p@example.com',
          timeout_ms: 99,
          headers: { 'bad name': 'x', host: 'x', crlf: 'a\r\nb: c', ok: 1 },
        },
        credentials: { secret: 'whsec_short', more: 1 },
        owner_id: 'other',
      });
      expect([status, contentType]).toEqual([400, 'application/problem+json']);
      expect(body).toMatchObject({ type: 'urn:fanout:problem:invalid_request', status: 400 });
      expect(body.errors!.map(({ path }) => path).sort()).toEqual([
        'config.headers.bad name',
        'config.headers.crlf',
        'config.headers.host',
        'config.headers.ok',
        'config.timeout_ms',
        'config.url',
        'credentials.more',
        'credentials.secret',
        'description',
        'event_types.1',
        'event_types.2',
        'id',
        'owner_id',
        'retry.forever',
        'retry.schedule_seconds.0',
        'retry.schedule_seconds.1',
        'status',
        'type',
      ]);
      for (const { message } of body.errors!) expect(message).not.toBe('');
      expect((await api().call<List>('GET', `/v1/orgs/${org}/endpoints`)).body.data).toEqual([]);
    });

    test('is refused where single fields are wrong', async () => {
      const org = await api().createOrg();
      const [orgs, keys, endpoints] = ['/v1/orgs', `/v1/orgs/${org}/keys`, `/v1/orgs/${org}/endpoints`];
      const withUrl = (webhookUrl: unknown) => ({ type: 'webhook', config: { url: webhookUrl } });
      const withMore = (more: object) => ({ ...webhook, ...more });
      const rows: [path: string, body: unknown, field: string][] = [
        ...[null, [], 'text', 7, true].flatMap((body): [string, unknown, string][] => [
          [orgs, body, ''],
          [endpoints, body, ''],
        ]),
        [orgs, { name: 'x' }, 'id'],
        ...['', 'has.dot', '-x', '_x', 'x/y', 'ü', 'x'.repeat(65), ' x', 7, null].map(
          (id): [string, unknown, string] => [orgs, { id, name: 'x' }, 'id'],
        ),
        ...['', '  ', 'x'.repeat(201), null].map((name): [string, unknown, string] => [
          orgs,
          { id: 'x', name },
          'name',
        ]),
        [orgs, { id: 'x', name: 'x', created_at: 'y' }, 'created_at'],
        ['/v1/keys', { name: '' }, 'name'],
        ['/v1/keys', { name: 'x', role: 'operator' }, 'role'],
        [keys, { name: 'x' }, 'role'],
        [keys, { name: 'x', role: 'operator' }, 'role'],
        [keys, { name: 'x', role: 'tenant', org: 'other' }, 'org'],
        [endpoints, { type: 'webhook' }, 'config'],
        [endpoints, { type: 'webhook', config: {} }, 'config.url'],
        ...[
          '',
          'example.com',
          '//example.com',
          'ftp://example.com',
          'javascript:alert(1)',
          'mailto:a@example.com',
          'data:,x',
          'file:///etc/passwd',
          'https://',
          'https://user@example.com',
          'https://example.com/#part',
          'https://10.0.0.1/',
          'https://169.254.169.254/latest/meta-data',
          'https://[::ffff:10.0.0.1]/',
          'https://0x0a000001/',
          `https://example.com/${'x'.repeat(2048)}`,
          7,
        ].map((bad): [string, unknown, string] => [endpoints, withUrl(bad), 'config.url']),
        [endpoints, withMore({ event_types: [] }), 'event_types'],
        [endpoints, withMore({ event_types: 'order' }), 'event_types'],
        [endpoints, withMore({ event_types: ['*.order'] }), 'event_types.0'],
        [endpoints, withMore({ retry: {} }), 'retry.schedule_seconds'],
        [endpoints, withMore({ retry: { schedule_seconds: [604_801] } }), 'retry.schedule_seconds.0'],
        [
          endpoints,
          { type: 'webhook', config: { url, headers: { 'X-A': '1', 'x-a': '2' } } },
          'config.headers.x-a',
        ],
        [
          endpoints,
          { type: 'webhook', config: { url, headers: { 'webhook-id': '1' } } },
          'config.headers.webhook-id',
        ],
      ];
      for (const [path, body, field] of rows) {
        const answer = await api().call('POST', path, JSON.stringify(body));
        expect(answer, `${path} ${JSON.stringify(body)}`).toMatchObject({
          status: 400,
          ...problem('invalid_request'),
        });
        expect(
          answer.body.errors?.map((error) => error.path),
          JSON.stringify(body),
        ).toEqual([field]);
      }
      expect((await api().call<List>('GET', endpoints)).body.data).toEqual([]);
    });

    test('is refused in a list’s query', async () => {
      const org = await api().createOrg();
      for (const path of [
        '/v1/orgs',
        '/v1/keys',
        `/v1/orgs/${org}/keys`,
        `/v1/orgs/${org}/endpoints`,
        '/v1/quarantine',
        '/v1/sources',
        `/v1/orgs/${org}/events`,
        '/v1/events',
      ]) {
        for (const limit of ['0', '101', '-1', '1.5', 'ten', '', '1,2']) {
          expect(await api().call('GET', `${path}?limit=${limit}`), limit).toMatchObject({
            status: 400,
            body: { errors: [{ path: 'limit' }] },
          });
        }
        const forged = Buffer.from(
          JSON.stringify({ pk: 'ORG#a', sk: 'ORG', kind: 'ORG' }).replace('a', ''),
        ).toString('base64url');
        for (const cursor of ['garbage', 'e30', `${forged}x`, 'x'.repeat(2001)]) {
          expect(await api().call('GET', `${path}?cursor=${cursor}`), cursor).toMatchObject({
            status: 400,
            body: { errors: [{ path: 'cursor' }] },
          });
        }
        expect(await api().call('GET', `${path}?nonsense=1`)).toMatchObject({
          status: 400,
          body: { errors: [{ path: 'nonsense', message: 'is not a field' }] },
        });
        expect((await api().call('GET', `${path}?limit=100&cursor=`)).status).toBe(200);
      }
    });

    test('with more wrong fields than anyone reads is answered with the first hundred', async () => {
      const org = await api().createOrg();
      const credentials = Object.fromEntries(Array.from({ length: 110_000 }, (_, n) => [n.toString(36), 0]));
      const answer = await api().call('POST', `/v1/orgs/${org}/endpoints`, { ...webhook, credentials });
      expect(answer).toMatchObject({ status: 400, ...problem('invalid_request') });
      expect(answer.body.errors).toHaveLength(100);
      expect(answer.body.detail).toContain('110000 fields');
    });

    test('to ids that nothing can have is answered 404, and touches nothing', async () => {
      const org = await api().createOrg();
      const key = await api().createKey('/v1/keys', { name: 'stays' });
      const ids = [
        '-',
        '_',
        '.',
        '%00',
        '%20',
        '%25',
        'ü',
        '%2F',
        '%2e%2e%2f',
        '__proto__',
        'x'.repeat(65),
        'x'.repeat(4000),
      ];
      for (const route of keyedRoutes.filter((one) => one.includes('{'))) {
        for (const id of ids) {
          const [method, path] = route.split(' ') as [string, string];
          const body = ['POST', 'PUT', 'PATCH'].includes(method)
            ? { ...webhook, name: 'x', role: 'tenant' }
            : undefined;
          const everywhere = path.replace(/\{\w+\}/g, id);
          const underOrg = path.replace(/\{(?!org)\w+\}/g, id).replace('{org}', org);
          const isOfOrgOnly = path.includes('{org}') && path.split('{').length === 2;
          for (const target of isOfOrgOnly ? [everywhere] : [everywhere, underOrg]) {
            const { status } = await api().call(method, target, body);
            expect([400, 404], `${method} ${target.slice(0, 100)}: ${status}`).toContain(status);
          }
        }
      }
      const { data } = (await api().call<List>('GET', '/v1/keys')).body;
      expect(data.map(({ id }) => id)).toContain(key.id);
      expect((await api().call('GET', `/v1/orgs/${org}`)).status).toBe(200);
    });

    test('is never answered with a failure of ours, whatever it holds', async () => {
      const org = await api().createOrg();
      const anything = fc.jsonValue({ noUnicodeString: false });
      const nearly = fc.record(
        {
          id: fc.oneof(anything, fc.string({ unit: 'binary' })),
          type: fc.constantFrom('webhook', 'kafka'),
          name: fc.oneof(anything, fc.string({ unit: 'binary' })),
          role: anything,
          description: fc.string({ unit: 'binary' }),
          event_types: fc.array(fc.string()),
          retry: anything,
          config: fc.record(
            {
              url: fc.oneof(
                fc.webUrl(),
                fc.string(),
                fc.string().map((rest) => `https://${rest}`),
                fc.string().map((rest) => `x:${rest}`),
              ),
              headers: fc.dictionary(fc.string(), fc.oneof(fc.string(), anything)),
            },
            { requiredKeys: [] },
          ),
          credentials: anything,
        },
        { requiredKeys: [] },
      );
      const paths = ['/v1/orgs', '/v1/keys', `/v1/orgs/${org}/keys`, `/v1/orgs/${org}/endpoints`];
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...paths), fc.oneof(anything, nearly), async (path, body) => {
          const { status } = await api().call('POST', path, JSON.stringify(body));
          expect([201, 400, 404, 409]).toContain(status);
        }),
        { numRuns: 300 },
      );
    });
  });
}
