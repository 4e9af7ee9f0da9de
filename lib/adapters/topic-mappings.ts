import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Documents } from '../app/ports/documents.ts';
import type { OrgTopicMapping, TopicMappingReader } from '../app/ports/topic-mappings.ts';
import { mappingOf } from '../app/topic-mappings.ts';
import { createCachedReads } from './cached-reads.ts';
import { createDocuments } from './dynamodb-documents.ts';

/** The topic mappings of orgs in the config table. */
export function createTopicMappings(client: DynamoDBClient, table: string): Documents<OrgTopicMapping> {
  return createDocuments<OrgTopicMapping>(client, table, 'MAPPING');
}

/** Mappings as they are at this moment. */
export function createTopicMappingReader(documents: Documents<OrgTopicMapping>): TopicMappingReader {
  return { read: async (orgId) => mappingOf(await documents.get(orgId)) };
}

/** Mappings, kept for seconds. */
export function createCachedTopicMappings(
  documents: Documents<OrgTopicMapping>,
  now: () => number,
): TopicMappingReader {
  const reads = createCachedReads(now);
  const current = createTopicMappingReader(documents);
  return { read: (orgId) => reads.read(orgId, () => current.read(orgId)) };
}
