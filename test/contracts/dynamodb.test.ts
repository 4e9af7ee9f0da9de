import { afterAll, beforeAll } from 'vitest';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createIngestStore } from '../../lib/adapters/dynamodb-ingest-store.ts';
import { documentsContract } from './documents.ts';
import { endpointsContract } from './endpoints.ts';
import { eventsContract } from './events.ts';
import { type Storage, startStorage } from './stores.ts';

const retentionDays = 30;
let storage: Storage;

beforeAll(async () => {
  storage = await startStorage();
});
afterAll(() => storage?.stop());

documentsContract('DynamoDB', async () => {
  const { config } = await storage.freshStores();
  return {
    orgs: createDocuments(storage.dynamodb, config, 'ORG'),
    notes: createDocuments(storage.dynamodb, config, 'KEY'),
  };
});

endpointsContract('cached DynamoDB', async () => {
  const { config } = await storage.freshStores();
  const orgs = createDocuments(storage.dynamodb, config, 'ORG');
  await Promise.all(['acme', 'globex'].map((id) => orgs.create({ id })));
  return { create: createCachedEndpoints, table: createDocuments(storage.dynamodb, config, 'ENDPOINT') };
});

eventsContract('DynamoDB', async (ids, now) => {
  const { events } = await storage.freshStores();
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, now),
    events: createEventReader(storage.dynamodb, events, ids),
  };
});
