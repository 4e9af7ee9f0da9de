import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Documents } from '../app/ports/documents.ts';
import type { Stream } from '../core/stream.ts';
import { createDocuments } from './dynamodb-documents.ts';
import { createSeal } from './seal.ts';
import { type Sealed, createSealedDocuments } from './sealed-documents.ts';

/**
 * Streams in the config table, with their users' passwords sealed: what is missing on the cluster is made again with them.
 * @param sealKey the deployment's own
 */
export function createStreamDocuments(
  client: DynamoDBClient,
  table: string,
  sealKey: string,
): Documents<Stream> {
  const stored = createDocuments<Sealed>(client, table, 'STREAM');
  return createSealedDocuments(stored, createSeal(sealKey), ['user', 'next']);
}
