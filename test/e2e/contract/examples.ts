import { describe, expect, test } from 'vitest';
import { type Json, validator } from '../../api-document.ts';
import type { List } from '../api/api-client.ts';
import type { FanoutClient } from '../fanout-client.ts';
import { readStream } from '../publish-client.ts';
import { type Credentials, type StreamBody, streamClient } from '../stream-client.ts';
import type { DocumentClient } from './document-client.ts';

interface Step {
  readonly route: string;
  readonly query?: string;
  /** Instead of success, where that is what must come of it. */
  readonly status?: number;
  /** Before it. */
  readonly prepare?: () => Promise<void>;
  /** Takes ids out of its answers. */
  readonly keep?: (bodies: Json[]) => void;
}

/** Every example of the documents, on the running machine, in an order in which they work. */
export function examplesSuite(
  documents: () => DocumentClient,
  client: () => FanoutClient,
  fanoutUrl: () => string,
): void {
  const org = 'acme';
  /** What paths of the examples name; ids that are made here are put in. */
  const ids: Record<string, string> = {
    org,
    endpoint: 'orders',
    event: 'evt_123',
    node: 'publish-event',
    source: 'ingest',
  };
  const streams = () => streamClient(client());
  const isReady = async () => void (await streams().ready(org));
  const keepKey = ([body]: Json[]) => (ids['key'] = body!['id'] as string);
  let credentials: Credentials;
  const nodeRuns: Json[] = [];
  const reportOn = (at: number) => async () => {
    ids['run'] = nodeRuns[at]!['run_id'] as string;
    ids['nodeRun'] = nodeRuns[at]!['node_run_id'] as string;
  };
  const first = (body: Json) => (body['data'] as Json[])[0]!;

  const steps: Step[] = [
    { route: 'GET /healthz' },
    { route: 'GET /openapi.json' },
    { route: 'GET /asyncapi.json' },
    { route: 'POST /v1/orgs' },
    { route: 'GET /v1/orgs', query: '?limit=10' },
    { route: 'GET /v1/orgs/{org}' },
    { route: 'PATCH /v1/orgs/{org}' },
    { route: 'POST /v1/keys', keep: keepKey },
    { route: 'GET /v1/keys' },
    { route: 'DELETE /v1/keys/{key}' },
    { route: 'POST /v1/orgs/{org}/keys', keep: keepKey },
    { route: 'GET /v1/orgs/{org}/keys' },
    { route: 'DELETE /v1/orgs/{org}/keys/{key}' },
    {
      route: 'PUT /v1/orgs/{org}/stream',
      keep: ([body]) => (credentials = body as unknown as Credentials),
    },
    { route: 'PUT /v1/orgs/{org}/topic-mapping' },
    { route: 'GET /v1/orgs/{org}/topic-mapping' },
    { route: 'GET /v1/orgs/{org}/stream', prepare: isReady },
    { route: 'POST /v1/orgs/{org}/endpoints' },
    { route: 'GET /v1/orgs/{org}/endpoints' },
    { route: 'POST /v1/orgs/{org}/events' },
    { route: 'GET /v1/orgs/{org}/events', query: '?state=queued&event_type=order.*' },
    { route: 'GET /v1/orgs/{org}/events', query: '?id=evt_123' },
    { route: 'GET /v1/events/{event}', query: `?org=${org}` },
    { route: 'POST /v1/events/{event}/replay', query: `?org=${org}` },
    {
      route: 'GET /v1/orgs/{org}/deliveries',
      query: '?endpoint=orders&state=queued',
      keep: ([body]) => (ids['delivery'] = first(body!)['id'] as string),
    },
    { route: 'POST /v1/deliveries/{delivery}/retry' },
    { route: 'GET /v1/orgs/{org}/endpoints/{endpoint}' },
    { route: 'PATCH /v1/orgs/{org}/endpoints/{endpoint}' },
    { route: 'POST /v1/orgs/{org}/endpoints/{endpoint}/rotate-secret' },
    { route: 'POST /v1/orgs/{org}/endpoints/{endpoint}/test' },
    { route: 'POST /v1/orgs/{org}/replays', keep: ([body]) => (ids['replay'] = body!['id'] as string) },
    { route: 'GET /v1/orgs/{org}/replays' },
    {
      route: 'GET /v1/orgs/{org}/replays/{replay}',
      // It has nothing to do.
      prepare: () =>
        expect
          .poll(async () => {
            const { body } = await client().call<Json>('GET', `/v1/orgs/${org}/replays/${ids['replay']}`);
            return body['state'];
          })
          .toBe('done'),
    },
    { route: 'DELETE /v1/orgs/{org}/replays/{replay}' },
    { route: 'POST /v1/orgs/{org}/replays/{replay}/resume', status: 409 },
    { route: 'PUT /v1/orgs/{org}/nodes/{node}' },
    { route: 'GET /v1/orgs/{org}/nodes/{node}' },
    { route: 'POST /v1/orgs/{org}/runs', keep: (bodies) => nodeRuns.push(...bodies) },
    { route: 'PATCH /v1/workflows/runs/{run}/nodes/{nodeRun}', prepare: reportOn(0) },
    { route: 'GET /v1/workflows/runs/{run}' },
    { route: 'PATCH /v1/workflows/nodes/runs/{nodeRun}', prepare: reportOn(1) },
    { route: 'POST /v1/orgs/{org}/notifications' },
    { route: 'POST /v1/orgs/{org}/prices' },
    { route: 'POST /v1/orgs/{org}/ledger-events' },
    { route: 'POST /v1/sources/{source}/dry-run' },
    {
      route: 'GET /v1/quarantine',
      prepare: async () => {
        const listed = async () => (await client().call<List>('GET', '/v1/quarantine')).body.data;
        const { length } = await listed();
        await client().produce({ value: '{"kind": "order.paid", "tenant": "acme"}' });
        await expect.poll(listed).toHaveLength(length + 1);
      },
      keep: ([body]) => (ids['id'] = first(body!)['id'] as string),
    },
    { route: 'GET /v1/quarantine/{id}' },
    { route: 'PUT /v1/sources/{source}' },
    { route: 'POST /v1/quarantine/{id}/redrive', status: 409 },
    { route: 'GET /v1/sources' },
    { route: 'GET /v1/sources/{source}' },
    { route: 'POST /v1/sources/{source}/skip' },
    { route: 'GET /v1/events', query: '?source=api&since=2026-01-01T00:00:00Z' },
    { route: 'GET /v1/events', query: '?source=ingest&partition=0&offset=0' },
  ];
  const lastSteps: Step[] = [
    { route: 'POST /v1/orgs/{org}/stream/rotate' },
    { route: 'DELETE /v1/orgs/{org}/stream', prepare: isReady },
    { route: 'DELETE /v1/orgs/{org}/nodes/{node}' },
    { route: 'DELETE /v1/orgs/{org}/endpoints/{endpoint}' },
    {
      route: 'DELETE /v1/orgs/{org}',
      prepare: async () => {
        await client().call('DELETE', `/v1/orgs/${org}/endpoints/orders-kafka`);
        await streams().gone(org);
      },
    },
  ];

  async function take({ route, query, status, prepare, keep }: Step): Promise<void> {
    await prepare?.();
    const { api, operation, call } = documents();
    const described = operation(route);
    const examples = Object.values(described.body?.examples ?? { none: undefined });
    const bodies: Json[] = [];
    for (const example of examples) {
      const body = example === undefined ? undefined : JSON.stringify(example);
      const answer = await call(described, { ids, query, body });
      if (status === undefined)
        expect([200, 201, 202, 204], `${route}: ${answer.text}`).toContain(answer.status);
      else expect(answer.status, `${route}: ${answer.text}`).toBe(status);
      api.expectDescribed(described, answer);
      bodies.push(answer.body as Json);
    }
    keep?.(bodies);
  }

  describe('the documents', () => {
    test('have an example of each operation in one of these steps', () => {
      const taken = new Set([...steps, ...lastSteps].map(({ route }) => route));
      expect([...taken].sort()).toEqual(
        documents()
          .api.operations.map(({ route }) => route)
          .sort(),
      );
    });

    test('are compressed for who takes that, and not sent again to who has them', async () => {
      const plain = await fetch(`${fanoutUrl()}/openapi.json`, {
        headers: { 'accept-encoding': 'identity' },
      });
      expect(plain.headers.get('content-encoding')).toBeNull();
      const compressed = await fetch(`${fanoutUrl()}/openapi.json`, {
        headers: { 'accept-encoding': 'gzip' },
      });
      expect(compressed.headers.get('content-encoding')).toBe('gzip');
      expect(await compressed.text()).toBe(await plain.text());
      expect(plain.headers.get('cache-control')).toBe('public, max-age=3600');
      const again = await fetch(`${fanoutUrl()}/openapi.json`, {
        headers: { 'if-none-match': plain.headers.get('etag')! },
      });
      expect([again.status, await again.text()]).toEqual([304, '']);
    });

    test('have examples that work, each answered as they say', { timeout: 120_000 }, async () => {
      for (const step of steps) await take(step);
    });

    test('describe the records that come of them', { timeout: 60_000 }, async () => {
      const streamsDocument = (await (await fetch(`${fanoutUrl()}/asyncapi.json`)).json()) as {
        components: { messages: Record<string, { headers: Json; payload: { $ref: string } }> };
      };
      const ajv = validator();
      ajv.addSchema({ $id: 'streams', ...streamsDocument });
      const stream: StreamBody = await streams().get(org);
      for (const [topic, count] of [
        ['runs', 3],
        ['notifications', 2],
        ['prices', 2],
        ['ledger', 1],
        ['committed', 1],
      ] as const) {
        const { headers, payload } =
          streamsDocument.components.messages[topic === 'committed' ? 'ledger' : topic]!;
        const records = await readStream(stream, credentials, `${org}.${topic}`, count);
        for (const record of records) {
          const value = ajv.compile({ $ref: `streams${payload.$ref}` });
          expect(value(JSON.parse(record.value)), `${topic} ${ajv.errorsText(value.errors)}`).toBe(true);
          const named = ajv.compile(headers);
          expect(named(record.headers), `${topic} ${ajv.errorsText(named.errors)}`).toBe(true);
        }
      }
    });

    test('have examples that take everything away again', { timeout: 120_000 }, async () => {
      for (const step of lastSteps) await take(step);
    });
  });
}
