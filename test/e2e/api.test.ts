import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { startWatchedFanout } from './canaries.ts';
import { accessSuite } from './api/access.ts';
import { type ApiClient, apiClient } from './api/api-client.ts';
import { endpointsSuite } from './api/endpoints.ts';
import { orgsSuite } from './api/orgs.ts';
import { requestsSuite } from './api/requests.ts';
import { type DocumentClient, documentClient } from './contract/document-client.ts';
import { examplesSuite } from './contract/examples.ts';
import { malformedBodiesSuite } from './contract/malformed-bodies.ts';
import { type PlantedOrg, plantOrg } from './contract/planted-org.ts';
import { routeWalkSuite } from './contract/route-walk.ts';
import { connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: ApiClient;
let documents: DocumentClient;
let planted: PlantedOrg;

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = apiClient(fanout, await connectClient(fanout));
  documents = await documentClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
});

test('anyone may ask for its health; other paths do not exist', async () => {
  const health = await fetch(`${fanout.url}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  for (const path of ['/', '/v1', '/v2/orgs', '/v1/orgs/acme/nothing']) {
    expect(await client.call('GET', path), path).toMatchObject({
      status: 404,
      body: { message: 'Not Found' },
    });
  }
  expect((await client.call('PUT', '/v1/orgs', {})).status).toBe(404);
});

orgsSuite(() => client);
endpointsSuite(() => client);
requestsSuite(() => client);
accessSuite(
  () => client,
  () => fanout.url,
);

test('there is an org that has one of everything', async () => {
  planted = await plantOrg(documents, client);
});

malformedBodiesSuite(
  () => documents,
  () => planted,
);
routeWalkSuite(
  () => documents,
  () => client,
  () => planted,
);
examplesSuite(
  () => documents,
  () => client,
  () => fanout.url,
);
