import { afterAll, beforeAll } from 'vitest';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { documentsContract } from './documents.ts';
import { endpointsContract } from './endpoints.ts';
import { type Storage, startStorage } from './stores.ts';

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
