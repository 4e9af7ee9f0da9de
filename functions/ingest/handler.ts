import type { MSKEvent } from 'aws-lambda';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createClaimStore } from '../../lib/adapters/dynamodb-claims.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createIngestStore } from '../../lib/adapters/dynamodb-ingest-store.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { recordsOf } from '../../lib/adapters/kafka-event.ts';
import { errorFields, log } from '../../lib/adapters/log.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { createWebhookSender } from '../../lib/adapters/undici-webhook-sender.ts';
import { createFilterOf } from '../../lib/app/endpoint-filters.ts';
import { type IngestDependencies, ingestRecords } from '../../lib/app/ingest-records.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { createEventIds } from '../../lib/core/event-id.ts';

const dynamodb = createDynamoDbClient();
const now = Date.now;
const source = environment('SOURCE_NAME');
const eventsTable = environment('EVENTS_TABLE');

const dependencies: IngestDependencies = {
  source: { name: source, number: Number(environment('SOURCE_NUMBER')) },
  inlineBudgetMs: Number(environment('INLINE_BUDGET_MS')),
  eventIds: createEventIds(await readSecret(environment('EVENT_ID_KEY_SECRET'))),
  endpoints: createCachedEndpoints(
    createDocuments<Endpoint>(dynamodb, environment('CONFIG_TABLE'), 'ENDPOINT'),
    now,
  ),
  claims: createClaimStore(dynamodb, eventsTable, Number(environment('IDEMPOTENCY_WINDOW_HOURS')), now),
  filterOf: createFilterOf(compilePattern),
  sender: createWebhookSender(environment('ALLOW_LOOPBACK_TARGETS') === 'true', now),
  store: createIngestStore(dynamodb, eventsTable, Number(environment('RETENTION_DAYS')), now),
  wakeUps: createWakeUpQueue(createSqsClient(), environment('WAKE_UP_QUEUE')),
  now,
  random: Math.random,
};

/** Takes a batch of a source's records. When it throws, the batch comes again: nothing is acknowledged half-way. */
export async function handler(event: MSKEvent): Promise<{ batchItemFailures: [] }> {
  const startedMs = now();
  const { wakeUpsUnsent, unmatched, ...counts } = await ingestRecords(dependencies, recordsOf(event));
  if (wakeUpsUnsent) log('WARN', 'wake-ups not sent', { source, ...errorFields(wakeUpsUnsent) });
  if (unmatched.length > 0) log('WARN', 'events match no endpoint', { source, events: unmatched });
  log('INFO', 'ingested', {
    source,
    partitions: Object.keys(event.records),
    ...counts,
    ms: now() - startedMs,
  });
  return { batchItemFailures: [] };
}
