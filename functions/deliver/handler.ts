import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEndpointPlaces } from '../../lib/adapters/dynamodb-endpoint-places.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { watchEndpoints } from '../../lib/adapters/endpoint-watch.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readHeldMs } from '../../lib/adapters/held-time.ts';
import { errorFields, log } from '../../lib/adapters/log.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { receiveAgainSoon } from '../../lib/adapters/sqs-messages.ts';
import { createWakeUpQueue, readWakeUp } from '../../lib/adapters/sqs-wake-ups.ts';
import { readTargetRules } from '../../lib/adapters/target-rules.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { createWebhookSender } from '../../lib/adapters/undici-webhook-sender.ts';
import { type DeliverDependencies, deliverQueued } from '../../lib/app/deliver-queued.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import type { Lane } from '../../lib/app/ports/wake-ups.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { createEventIds } from '../../lib/core/event-id.ts';

const dynamodb = createDynamoDbClient();
const sqs = createSqsClient();
const queueUrls = wakeUpQueueUrls();
const lane = environment('LANE') as Lane;
const now = Date.now;
const eventsTable = environment('EVENTS_TABLE');

const endpoints = createCachedEndpoints(
  createDocuments<Endpoint>(dynamodb, environment('CONFIG_TABLE'), 'ENDPOINT'),
  now,
);
const watch = watchEndpoints(dynamodb, eventsTable, endpoints, now);

const dependencies: DeliverDependencies = {
  lane,
  endpoints,
  gate: createEndpointGate(endpoints, Number(environment('INLINE_BUDGET_MS')), now),
  watch,
  slots: createRateSlots(dynamodb, eventsTable, now),
  places: createEndpointPlaces(dynamodb, eventsTable, lane, Number(environment('ENDPOINT_PLACES')), now),
  sender: createWebhookSender(readTargetRules(), now),
  deliveries: createDeliveryStore(dynamodb, eventsTable, Number(environment('RETENTION_DAYS')), now),
  events: createEventReader(
    dynamodb,
    eventsTable,
    createEventIds(await readSecret(environment('EVENT_ID_KEY_SECRET'))),
  ),
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
  const failed = event.Records.filter((_, index) => {
    const result = results[index]!;
    if (result.status === 'fulfilled') return false;
    const { eventId, endpointId } = wakeUps[index]!;
    log('ERROR', 'delivery not attempted', { eventId, endpointId, ...errorFields(result.reason) });
    return true;
  });
  await receiveAgainSoon(sqs, queueUrls[lane], failed);
  log('INFO', 'wake-ups answered', {
    lane,
    wakeUps: wakeUps.length,
    failed: failed.length,
    ms: now() - startedMs,
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
