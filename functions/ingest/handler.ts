import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createCachedSources } from '../../lib/adapters/cached-sources.ts';
import { createClaimStore } from '../../lib/adapters/dynamodb-claims.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createIngestStore } from '../../lib/adapters/dynamodb-ingest-store.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { createEndpointSender } from '../../lib/adapters/endpoint-sender.ts';
import { watchEndpoints } from '../../lib/adapters/endpoint-watch.ts';
import { createEndpointDocuments } from '../../lib/adapters/endpoint-documents.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readHeldMs } from '../../lib/adapters/held-time.ts';
import {
  type KafkaBatchResponse,
  batchFailures,
  offsetsOf,
  recordsOf,
} from '../../lib/adapters/kafka-event.ts';
import { createPartitionKeys } from '../../lib/adapters/jmespath-partition-keys.ts';
import { errorFields, log, metrics } from '../../lib/adapters/log.ts';
import { createTransformRunner } from '../../lib/adapters/quickjs-transforms.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readOwnKeys } from '../../lib/adapters/own-keys.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { readTargetRules } from '../../lib/adapters/target-rules.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { createFilterOf } from '../../lib/app/endpoint-filters.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import { type BatchDependencies, ingestBatch } from '../../lib/app/ingest-batch.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { SourceConfig } from '../../lib/core/source.ts';

const dynamodb = createDynamoDbClient();
const sqs = createSqsClient();
const now = Date.now;
const source = environment('SOURCE_NAME');
const configTable = environment('CONFIG_TABLE');
const eventsTable = environment('EVENTS_TABLE');
const rateLimit = process.env['RATE_LIMIT'];
const retentionDays = Number(environment('RETENTION_DAYS'));
const inlineBudgetMs = Number(environment('INLINE_BUDGET_MS'));
const { eventIdKey, sealKey } = await readOwnKeys();
const endpoints = createCachedEndpoints(createEndpointDocuments(dynamodb, configTable, sealKey), now);
const watch = watchEndpoints(dynamodb, eventsTable, endpoints, now);

const dependencies: BatchDependencies = {
  source: { name: source, number: Number(environment('SOURCE_NUMBER')) },
  sources: createCachedSources(createDocuments<SourceConfig>(dynamodb, configTable, 'SOURCE'), now),
  rateLimit: rateLimit === undefined ? undefined : Number(rateLimit),
  slots: createRateSlots(dynamodb, eventsTable, now),
  inlineBudgetMs,
  eventIds: createEventIds(eventIdKey),
  transforms: createTransformRunner(),
  endpoints,
  gate: createEndpointGate(endpoints, inlineBudgetMs, now),
  watch,
  claims: createClaimStore(dynamodb, eventsTable, Number(environment('IDEMPOTENCY_WINDOW_HOURS')), now),
  filterOf: createFilterOf(compilePattern),
  sender: createEndpointSender(readTargetRules(), createPartitionKeys(), now),
  store: createIngestStore(dynamodb, eventsTable, retentionDays, now),
  deliveries: createDeliveryStore(dynamodb, eventsTable, retentionDays, now),
  wakeUps: createWakeUpQueue(sqs, wakeUpQueueUrls()),
  fanOutQueue: createJobQueue(sqs, environment('FAN_OUT_QUEUE')),
  heldMs: readHeldMs(),
  now,
  random: Math.random,
};

/**
 * Takes a batch of a source's records. When it throws, the batch comes again: nothing is acknowledged half-way. Records
 * that there was no time for come again too, those before them do not.
 */
export async function handler(event: MSKEvent | SelfManagedKafkaEvent): Promise<KafkaBatchResponse> {
  const startedMs = now();
  const records = recordsOf(event);
  // First, so that a batch which comes again and again shows.
  const oldestMs = records.reduce((oldest, { timestampMs }) => Math.min(oldest, timestampMs), startedMs);
  metrics({ IngestDelay: startedMs - oldestMs }, { Source: source }, 'Milliseconds');
  const { counts, unmatched, unsent, failure, unreached } = await ingestBatch(dependencies, records);
  metrics({ Records: counts.records, Quarantined: counts.quarantined }, { Source: source });
  await watch.finish();
  const offsets = offsetsOf(records);
  if (failure) log('ERROR', 'records come again', { source, offsets, ...errorFields(failure) });
  if (unsent) log('WARN', 'messages not sent', { source, ...errorFields(unsent) });
  if (unmatched.length > 0) log('WARN', 'events match no endpoint', { source, events: unmatched });
  if (unreached.length > 0) log('WARN', 'no time for records', { source, records: unreached.length });
  log('INFO', 'ingested', { source, offsets, ...counts, ms: now() - startedMs });
  return batchFailures(unreached);
}
