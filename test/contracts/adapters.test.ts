import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll } from 'vitest';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createClaimStore } from '../../lib/adapters/dynamodb-claims.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDeliveryLists } from '../../lib/adapters/dynamodb-delivery-lists.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createDueDeliveries } from '../../lib/adapters/dynamodb-due.ts';
import { createEndpointPlaces } from '../../lib/adapters/dynamodb-endpoint-places.ts';
import { createEndpointCounts } from '../../lib/adapters/dynamodb-endpoint-counts.ts';
import { createEventLists } from '../../lib/adapters/dynamodb-event-lists.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createFailureStreaks } from '../../lib/adapters/dynamodb-failure-streaks.ts';
import { createFanOutStore } from '../../lib/adapters/dynamodb-fan-outs.ts';
import { createIngestStore } from '../../lib/adapters/dynamodb-ingest-store.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createPublishCalls } from '../../lib/adapters/dynamodb-publish-calls.ts';
import { createPublishedEvents } from '../../lib/adapters/dynamodb-published-events.ts';
import { createQuarantineReader } from '../../lib/adapters/dynamodb-quarantine.ts';
import { quarantineKey } from '../../lib/adapters/quarantine-items.ts';
import { receiveAgainSoon } from '../../lib/adapters/sqs-messages.ts';
import { createJobWatch } from '../../lib/adapters/dynamodb-job-watch.ts';
import { createRuns } from '../../lib/adapters/dynamodb-runs.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue, readWakeUp } from '../../lib/adapters/sqs-wake-ups.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { claimsContract } from './claims.ts';
import { deliveriesContract } from './deliveries.ts';
import { documentsContract } from './documents.ts';
import { dueDeliveriesContract } from './due-deliveries.ts';
import { endpointPlacesContract } from './endpoint-places.ts';
import { endpointAlerterContract } from './endpoint-alerter.ts';
import { endpointCountsContract } from './endpoint-counts.ts';
import { endpointsContract } from './endpoints.ts';
import { eventListsContract } from './event-lists.ts';
import { eventsContract } from './events.ts';
import { failureStreaksContract } from './failure-streaks.ts';
import { fanOutsContract } from './fan-outs.ts';
import { publishCallsContract } from './publish-calls.ts';
import { publishedEventsContract } from './published-events.ts';
import { quarantineContract } from './quarantine.ts';
import { rateSlotsContract } from './rate-slots.ts';
import { runsContract } from './runs.ts';
import { jobQueueContract } from './job-queue.ts';
import { jobWatchContract } from './job-watch.ts';
import { type Storage, startStorage } from './stores.ts';
import { wakeUpQueueContract } from './wake-up-queue.ts';

const retentionDays = 30;
let storage: Storage;
/** Waits for messages, longer than functions wait for an answer. */
let poller: SQSClient;

beforeAll(async () => {
  storage = await startStorage();
  poller = new SQSClient();
});
afterAll(async () => {
  poller?.destroy();
  await storage?.stop();
});

documentsContract('DynamoDB', async () => {
  const { config } = await storage.freshStores();
  return {
    orgs: createDocuments(storage.dynamodb, config, 'ORG'),
    notes: createDocuments(storage.dynamodb, config, 'KEY'),
  };
});

runsContract('DynamoDB', async () => {
  const { config } = await storage.freshStores();
  return createRuns(storage.dynamodb, config, retentionDays);
});

async function freshEndpoints() {
  const { config } = await storage.freshStores();
  const orgs = createDocuments(storage.dynamodb, config, 'ORG');
  await Promise.all(['acme', 'globex'].map((id) => orgs.create({ id })));
  const table = createDocuments<Endpoint>(storage.dynamodb, config, 'ENDPOINT');
  return { create: createCachedEndpoints, table };
}
endpointsContract('cached DynamoDB', freshEndpoints);
endpointAlerterContract('cached DynamoDB', freshEndpoints);

endpointCountsContract('DynamoDB', async () => {
  const { events } = await storage.freshStores();
  let failures = 0;
  const client = createDynamoDbClient();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        if (commandName === 'BatchWriteItemCommand' && failures-- > 0) throw new Error('the table is down');
        return next(request);
      },
    { step: 'initialize' },
  );
  return {
    environment: (now) => createEndpointCounts(client, events, now),
    failWrites: (count) => (failures = count),
  };
});

failureStreaksContract('DynamoDB', async () => {
  const { events } = await storage.freshStores();
  return createFailureStreaks(storage.dynamodb, events, retentionDays, Date.now);
});

eventsContract('DynamoDB', async (ids, now) => {
  const { events } = await storage.freshStores();
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, now),
    events: createEventReader(storage.dynamodb, events, ids),
  };
});

deliveriesContract('DynamoDB', async () => {
  const { events } = await storage.freshStores();
  const deliveries = createDeliveryStore(storage.dynamodb, events, retentionDays, Date.now);
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, Date.now),
    deliveries,
    lists: createDeliveryLists(storage.dynamodb, events, deliveries),
  };
});

dueDeliveriesContract('DynamoDB', async (now) => {
  const { events } = await storage.freshStores();
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, now),
    deliveries: createDeliveryStore(storage.dynamodb, events, retentionDays, now),
    due: createDueDeliveries(storage.dynamodb, events),
  };
});

jobWatchContract('DynamoDB', async () => {
  const { events } = await storage.freshStores();
  return {
    watchReplays: createJobWatch(storage.dynamodb, events, 'REPLAY', retentionDays),
    watchStreams: createJobWatch(storage.dynamodb, events, 'STREAM', retentionDays),
    due: createDueDeliveries(storage.dynamodb, events),
  };
});

quarantineContract('DynamoDB', async (ids, now) => {
  const { events } = await storage.freshStores();
  let removals = Infinity;
  const client = createDynamoDbClient();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        if (commandName === 'DeleteItemCommand' && removals-- <= 0) throw new Error('the table is down');
        return next(request);
      },
    { step: 'initialize' },
  );
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, now),
    quarantine: createQuarantineReader(client, events, ids, retentionDays, now),
    failRemovalAfter: (parts) => (removals = parts),
    async losePart(id, part) {
      const sk = { S: String(part).padStart(3, '0') };
      const Key = { ...quarantineKey(id), sk };
      await storage.dynamodb.send(new DeleteItemCommand({ TableName: events, Key }));
    },
  };
});

claimsContract('DynamoDB', async (now) => {
  const { events } = await storage.freshStores();
  return createClaimStore(storage.dynamodb, events, 24, now);
});

publishCallsContract('DynamoDB', async (now) => {
  const { events } = await storage.freshStores();
  return createPublishCalls(storage.dynamodb, events, 24, now);
});

publishedEventsContract('DynamoDB', async (ids, now) => {
  const { events } = await storage.freshStores();
  const reader = createEventReader(storage.dynamodb, events, ids);
  const terms = { retentionDays, windowHours: 24 };
  return {
    published: createPublishedEvents(storage.dynamodb, events, terms, now),
    events: reader,
    lists: createEventLists(storage.dynamodb, events, reader),
    fanOuts: createFanOutStore(storage.dynamodb, events, retentionDays, now),
  };
});

fanOutsContract('DynamoDB', async (ids, now) => {
  const { events } = await storage.freshStores();
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, now),
    events: createEventReader(storage.dynamodb, events, ids),
    fanOuts: createFanOutStore(storage.dynamodb, events, retentionDays, now),
  };
});

endpointPlacesContract('DynamoDB', async (most, now) => {
  const { events } = await storage.freshStores();
  return createEndpointPlaces(storage.dynamodb, events, most, now);
});

rateSlotsContract('DynamoDB', async (now) => {
  const { events } = await storage.freshStores();
  return createRateSlots(storage.dynamodb, events, now);
});

jobQueueContract('SQS', async () => {
  const { wakeUps: QueueUrl } = await storage.freshStores();
  return {
    queue: createJobQueue(storage.sqs, QueueUrl),
    async receive(WaitTimeSeconds) {
      const { Messages = [] } = await poller.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds,
          MessageSystemAttributeNames: ['MessageGroupId'],
        }),
      );
      return Messages.map(({ Body, Attributes }) => ({ id: Body!, group: Attributes?.['MessageGroupId'] }));
    },
  };
});

wakeUpQueueContract('SQS', async () => {
  const { wakeUps: QueueUrl, slowWakeUps: slow } = await storage.freshStores();
  return {
    queue: createWakeUpQueue(storage.sqs, { usual: QueueUrl, slow }),
    read: (body) => readWakeUp(body, 'usual'),
    async receiveSlow() {
      const { Messages = [] } = await poller.send(
        new ReceiveMessageCommand({ QueueUrl: slow, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      return Messages.map(({ Body }) => readWakeUp(Body!, 'slow'));
    },
    receiveAgainSoon: (messages) => receiveAgainSoon(storage.sqs, QueueUrl, messages as SQSRecord[]),
    async receive(count, waitSeconds = 0) {
      const { Messages = [] } = await poller.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: count,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages.map(({ Body, ReceiptHandle, Attributes }) => ({
        body: Body!,
        receiptHandle: ReceiptHandle!,
        attributes: Attributes as unknown as SQSRecord['attributes'],
      }));
    },
    async delayed() {
      const AttributeNames = ['ApproximateNumberOfMessagesDelayed' as const];
      const { Attributes } = await storage.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
      );
      return Number(Attributes![AttributeNames[0]!]);
    },
  };
});

eventListsContract('DynamoDB', async (ids, now) => {
  const { events } = await storage.freshStores();
  return {
    store: createIngestStore(storage.dynamodb, events, retentionDays, now),
    fanOuts: createFanOutStore(storage.dynamodb, events, retentionDays, now),
    lists: createEventLists(storage.dynamodb, events, createEventReader(storage.dynamodb, events, ids)),
  };
});
