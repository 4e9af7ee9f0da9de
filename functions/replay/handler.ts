import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDeliveryLists } from '../../lib/adapters/dynamodb-delivery-lists.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEventLists } from '../../lib/adapters/dynamodb-event-lists.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createJobWatch } from '../../lib/adapters/dynamodb-job-watch.ts';
import { createEndpointDocuments } from '../../lib/adapters/endpoint-documents.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { errorFields, log } from '../../lib/adapters/log.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readOwnKeys } from '../../lib/adapters/own-keys.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { receiveAgainSoon } from '../../lib/adapters/sqs-messages.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { createFilterOf } from '../../lib/app/endpoint-filters.ts';
import { type RunReplayDependencies, runReplay } from '../../lib/app/run-replay.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { Replay } from '../../lib/core/replay.ts';

const dynamodb = createDynamoDbClient();
const sqs = createSqsClient();
const queueUrl = environment('REPLAY_QUEUE');
const configTable = environment('CONFIG_TABLE');
const eventsTable = environment('EVENTS_TABLE');
const retentionDays = Number(environment('RETENTION_DAYS'));
const now = Date.now;

const { eventIdKey, sealKey } = await readOwnKeys();
const events = createEventReader(dynamodb, eventsTable, createEventIds(eventIdKey));
const endpoints = createEndpointDocuments(dynamodb, configTable, sealKey);
const deliveries = createDeliveryStore(dynamodb, eventsTable, retentionDays, now);

const dependencies: RunReplayDependencies = {
  replays: createDocuments<Replay>(dynamodb, configTable, 'REPLAY'),
  watch: createJobWatch(dynamodb, eventsTable, 'REPLAY', retentionDays),
  queue: createJobQueue(sqs, queueUrl),
  // As they are at this moment: what is held goes to an endpoint that has just become active.
  endpoints: { byId: (id) => endpoints.get(id) },
  lists: createEventLists(dynamodb, eventsTable, events),
  deliveryLists: createDeliveryLists(dynamodb, eventsTable, deliveries),
  deliveries,
  events,
  filterOf: createFilterOf(compilePattern),
  wakeUps: createWakeUpQueue(sqs, wakeUpQueueUrls()),
  now,
};

/** Goes on with the replay that the message names; one message an invocation. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const [message] = Records;
  const replay = message!.body;
  try {
    const { unsent, ...progress } = (await runReplay(dependencies, replay)) ?? { state: 'at rest' };
    if (unsent) log('WARN', 'messages not sent', { replay, ...errorFields(unsent) });
    log('INFO', 'replayed', { replay, ...progress });
    return { batchItemFailures: [] };
  } catch (error) {
    log('ERROR', 'replay failed', { replay, ...errorFields(error) });
    await receiveAgainSoon(sqs, queueUrl, Records);
    return { batchItemFailures: [{ itemIdentifier: message!.messageId }] };
  }
}
