import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Documents } from '../app/ports/documents.ts';
import { type Endpoint, secretFields } from '../core/endpoint.ts';
import { createDocuments } from './dynamodb-documents.ts';
import { createSeal } from './seal.ts';
import { type Sealed, createSealedDocuments } from './sealed-documents.ts';

/**
 * Endpoints in the config table, with their secrets sealed.
 * @param sealKey the deployment's own
 */
export function createEndpointDocuments(
  client: DynamoDBClient,
  table: string,
  sealKey: string,
): Documents<Endpoint> {
  const stored = createDocuments<Sealed>(client, table, 'ENDPOINT');
  return createSealedDocuments(stored, createSeal(sealKey), secretFields);
}
