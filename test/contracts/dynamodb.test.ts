import { afterAll, beforeAll } from 'vitest';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { documentsContract } from './documents.ts';
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
