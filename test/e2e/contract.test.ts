import { afterAll, beforeAll, test } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { startWatchedFanout } from './canaries.ts';
import { type DocumentClient, documentClient } from './contract/document-client.ts';
import { examplesSuite } from './contract/examples.ts';
import { malformedBodiesSuite } from './contract/malformed-bodies.ts';
import { type PlantedOrg, plantOrg } from './contract/planted-org.ts';
import { routeWalkSuite } from './contract/route-walk.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';

let fanout: Fanout;
let client: FanoutClient;
let documents: DocumentClient;
let planted: PlantedOrg;

beforeAll(async () => {
  fanout = await startWatchedFanout();
  client = await connectClient(fanout);
  documents = await documentClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
});

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
