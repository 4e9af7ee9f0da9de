import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createEndpointPlaces } from '../../lib/adapters/dynamodb-endpoint-places.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { createEndpointSender } from '../../lib/adapters/endpoint-sender.ts';
import { watchEndpoints } from '../../lib/adapters/endpoint-watch.ts';
import { createEndpointDocuments } from '../../lib/adapters/endpoint-documents.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readHeldMs } from '../../lib/adapters/held-time.ts';
import { createPartitionKeys } from '../../lib/adapters/jmespath-partition-keys.ts';
import { errorFields, log } from '../../lib/adapters/log.ts';
import { readOwnKeys } from '../../lib/adapters/own-keys.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { receiveAgainSoon } from '../../lib/adapters/sqs-messages.ts';
import { createWakeUpQueue, readWakeUp } from '../../lib/adapters/sqs-wake-ups.ts';
import { readTargetRules } from '../../lib/adapters/target-rules.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { type DeliverDependencies, deliverQueued } from '../../lib/app/deliver-queued.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import type { Lane } from '../../lib/app/ports/wake-ups.ts';
import { createEventIds } from '../../lib/core/event-id.ts';

const dynamodb = createDynamoDbClient();
const sqs = createSqsClient();
const queueUrls = wakeUpQueueUrls();
const lane = environment('LANE') as Lane;
const now = Date.now;
const eventsTable = environment('EVENTS_TABLE');

const { eventIdKey, sealKey } = await readOwnKeys();
const endpoints = createCachedEndpoints(
  createEndpointDocuments(dynamodb, environment('CONFIG_TABLE'), sealKey),
  now,
);
const watch = watchEndpoints(dynamodb, eventsTable, endpoints, now);

const dependencies: DeliverDependencies = {
  lane,
  endpoints,
  gate: createEndpointGate(endpoints, Number(environment('INLINE_BUDGET_MS')), now),
  watch,
  slots: createRateSlots(dynamodb, eventsTable, now),
  places: createEndpointPlaces(dynamodb, eventsTable, Number(environment('ENDPOINT_PLACES')), now),
  sender: createEndpointSender(readTargetRules(), createPartitionKeys(), now),
  deliveries: createDeliveryStore(dynamodb, eventsTable, Number(environment('RETENTION_DAYS')), now),
  events: createEventReader(dynamodb, eventsTable, createEventIds(eventIdKey)),
  wakeUps: createWakeUpQueue(sqs, queueUrls),
  heldMs: readHeldMs(),
  now,
  random: Math.random,
};

/** Makes the next attempt of each delivery that a message names. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const startedMs = now();
  const wakeUps = event.Records.map(({ body }) => readWakeUp(body, lane));
  const results = await deliverQueued(dependencies, wakeUps);
  await watch.finish();
  for (const [at, result] of results.entries()) {
    if (result.status === 'fulfilled') continue;
    const { eventId, endpointId: endpoint } = wakeUps[at]!;
    log('ERROR', 'delivery not attempted', { eventId, endpoint, ...errorFields(result.reason) });
  }
  const failed = event.Records.filter((_, at) => results[at]!.status === 'rejected');
  const crowded = results.filter((result) => result.status === 'fulfilled' && result.value === 'crowded');
  await receiveAgainSoon(sqs, queueUrls[lane], failed);
  log('INFO', 'wake-ups answered', {
    lane,
    wakeUps: wakeUps.length,
    failed: failed.length,
    crowded: crowded.length,
    ms: now() - startedMs,
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
