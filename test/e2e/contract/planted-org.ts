import type { DocumentClient } from './document-client.ts';
import type { FanoutClient } from '../fanout-client.ts';
import { streamClient } from '../stream-client.ts';

/** In everything of the org that others must not see. */
export const marker = 'canary-7d1f';

export interface PlantedOrg {
  /** Of what is the org's, by the names that paths have for them. */
  readonly ids: Readonly<Record<string, string>>;
  readonly keys: { readonly publisher: string; readonly tenant: string };
}

/** Makes an org that has one of everything, marked. */
export async function plantOrg(
  { operation, call }: DocumentClient,
  client: FanoutClient,
): Promise<PlantedOrg> {
  const { org, stream } = await streamClient(client).create();
  const ids: Record<string, string> = { org, source: 'ingest', stream: stream.username };
  const make = async (route: string, body: object, more: Record<string, string> = {}) => {
    const answer = await call(operation(route), { ids: { ...ids, ...more }, body: JSON.stringify(body) });
    if (answer.status >= 300) throw new Error(`${route}: ${answer.text}`);
    return answer.body as Record<string, string>;
  };
  await make('PATCH /v1/orgs/{org}', { name: marker });
  const keyOf = async (role: string) => make('POST /v1/orgs/{org}/keys', { name: marker, role });
  const [publisher, tenant] = [await keyOf('publisher'), await keyOf('tenant')];
  ids['key'] = publisher['id']!;
  const endpoint = await make('POST /v1/orgs/{org}/endpoints', {
    type: 'webhook',
    description: marker,
    config: { url: `https://${marker}.example.com/`, headers: { 'x-marked': marker } },
  });
  ids['endpoint'] = endpoint['id']!;
  await make('POST /v1/orgs/{org}/events', {
    event_type: marker,
    data: { marker },
    metadata: { 'x-marked': marker },
    id: `evt-${org}`,
  });
  const { body } = await call(operation('GET /v1/orgs/{org}/deliveries'), {
    ids,
    query: `?endpoint=${ids['endpoint']}&state=queued`,
  });
  const [delivery] = (body as { data: { id: string; event_id: string }[] }).data;
  ids['delivery'] = delivery!.id;
  ids['event'] = delivery!.event_id;
  const replay = await make('POST /v1/orgs/{org}/replays', {
    since: '2026-01-01T00:00:00Z',
    until: '2026-01-02T00:00:00Z',
    event_type: marker,
  });
  ids['replay'] = replay['id']!;
  const config = { type: 'KAFKA', payload: { marker } };
  await make('PUT /v1/orgs/{org}/nodes/{node}', { title: marker, config }, { node: 'marked' });
  ids['node'] = 'marked';
  const run = await make('POST /v1/orgs/{org}/runs', {
    node: 'marked',
    workflow: marker,
    inputs: { marker },
  });
  ids['run'] = run['run_id']!;
  ids['nodeRun'] = run['node_run_id']!;
  await make('PUT /v1/orgs/{org}/topic-mapping', { mapping: `*:${marker}` });
  await client.produce({ value: `{"marker": "${marker}", "owner_id": "${org}"}` });
  for (;;) {
    const { body } = await client.call<{ data: { id: string }[] }>('GET', '/v1/quarantine');
    if (body.data.length > 0) {
      ids['id'] = body.data[0]!.id;
      break;
    }
    await new Promise((again) => setTimeout(again, 50));
  }
  return { ids, keys: { publisher: publisher['key']!, tenant: tenant['key']! } };
}
