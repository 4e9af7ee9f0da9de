import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createFanOutStore } from '../../lib/adapters/dynamodb-fan-outs.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { createEndpointSender } from '../../lib/adapters/endpoint-sender.ts';
import { watchEndpoints } from '../../lib/adapters/endpoint-watch.ts';
import { createEndpointDocuments } from '../../lib/adapters/endpoint-documents.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readHeldMs } from '../../lib/adapters/held-time.ts';
import { createPartitionKeys } from '../../lib/adapters/jmespath-partition-keys.ts';
import { errorFields, log } from '../../lib/adapters/log.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readOwnKeys } from '../../lib/adapters/own-keys.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { receiveAgainSoon } from '../../lib/adapters/sqs-messages.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { readTargetRules } from '../../lib/adapters/target-rules.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import { createFilterOf } from '../../lib/app/endpoint-filters.ts';
import { type FanOutDependencies, runFanOut } from '../../lib/app/run-fan-out.ts';
import { createEventIds } from '../../lib/core/event-id.ts';

const dynamodb = createDynamoDbClient();
const sqs = createSqsClient();
const queueUrl = environment('FAN_OUT_QUEUE');
const eventsTable = environment('EVENTS_TABLE');
const retentionDays = Number(environment('RETENTION_DAYS'));
const now = Date.now;

const inlineBudgetMs = Number(environment('INLINE_BUDGET_MS'));
const { eventIdKey, sealKey } = await readOwnKeys();
const endpoints = createCachedEndpoints(
  createEndpointDocuments(dynamodb, environment('CONFIG_TABLE'), sealKey),
  now,
);
const watch = watchEndpoints(dynamodb, eventsTable, endpoints, now);

const dependencies: FanOutDependencies = {
  endpoints,
  gate: createEndpointGate(endpoints, inlineBudgetMs, now),
  watch,
  slots: createRateSlots(dynamodb, eventsTable, now),
  events: createEventReader(dynamodb, eventsTable, createEventIds(eventIdKey)),
  filterOf: createFilterOf(compilePattern),
  sender: createEndpointSender(readTargetRules(), createPartitionKeys(), now),
  jobs: createFanOutStore(dynamodb, eventsTable, retentionDays, now),
  deliveries: createDeliveryStore(dynamodb, eventsTable, retentionDays, now),
  queue: createJobQueue(sqs, queueUrl),
  wakeUps: createWakeUpQueue(sqs, wakeUpQueueUrls()),
  inlineBudgetMs,
  heldMs: readHeldMs(),
  now,
  random: Math.random,
};

/** Goes on with the fan-out job that the message names; one message an invocation. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const [message] = Records;
  const eventId = message!.body;
  try {
    const outcome = await runFanOut(dependencies, eventId);
    await watch.finish();
    // Whoever has it may have died with it: the message comes again when its lease is over.
    if (outcome === 'leased') throw new Error('another has the job');
    const { unsent, ...progress } = outcome ?? { pages: 0 };
    if (unsent) log('WARN', 'messages not sent', { eventId, ...errorFields(unsent) });
    log('INFO', 'fanned out', { eventId, ...progress });
    return { batchItemFailures: [] };
  } catch (error) {
    log('ERROR', 'fan-out failed', { eventId, ...errorFields(error) });
    await receiveAgainSoon(sqs, queueUrl, Records);
    return { batchItemFailures: [{ itemIdentifier: message!.messageId }] };
  }
}
