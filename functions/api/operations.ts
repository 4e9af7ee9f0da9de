import { setTimeout as wait } from 'node:timers/promises';
import { createAddressGuard } from '../../lib/adapters/address-guard.ts';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { freshMs } from '../../lib/adapters/cached-reads.ts';
import { createClaimStore } from '../../lib/adapters/dynamodb-claims.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDeliveryLists } from '../../lib/adapters/dynamodb-delivery-lists.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEndpointCounts } from '../../lib/adapters/dynamodb-endpoint-counts.ts';
import { createEventLists } from '../../lib/adapters/dynamodb-event-lists.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createFailureStreaks } from '../../lib/adapters/dynamodb-failure-streaks.ts';
import { createFormerOrgs } from '../../lib/adapters/dynamodb-former-orgs.ts';
import { createJobWatch } from '../../lib/adapters/dynamodb-job-watch.ts';
import { createIngestStore } from '../../lib/adapters/dynamodb-ingest-store.ts';
import { createPublishCalls } from '../../lib/adapters/dynamodb-publish-calls.ts';
import { createPublishedEvents } from '../../lib/adapters/dynamodb-published-events.ts';
import { createQuarantineReader } from '../../lib/adapters/dynamodb-quarantine.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { createRuns } from '../../lib/adapters/dynamodb-runs.ts';
import { createEndpointSender } from '../../lib/adapters/endpoint-sender.ts';
import { createEndpointDocuments } from '../../lib/adapters/endpoint-documents.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readHeldMs } from '../../lib/adapters/held-time.ts';
import { createPartitionKeys } from '../../lib/adapters/jmespath-partition-keys.ts';
import { createTransformRunner } from '../../lib/adapters/quickjs-transforms.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readOwnKeys } from '../../lib/adapters/own-keys.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { readTargetRules } from '../../lib/adapters/target-rules.ts';
import { createStreamDocuments } from '../../lib/adapters/stream-documents.ts';
import { createTopicMappings } from '../../lib/adapters/topic-mappings.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { deliveryOperations } from '../../lib/app/api/deliveries.ts';
import { dryRunOperations } from '../../lib/app/api/dry-run.ts';
import { endpointOperations } from '../../lib/app/api/endpoints.ts';
import { eventReplayOperations } from '../../lib/app/api/event-replay.ts';
import { eventOperations } from '../../lib/app/api/events.ts';
import { healthOperations } from '../../lib/app/api/health.ts';
import { keyOperations } from '../../lib/app/api/keys.ts';
import { nodeOperations } from '../../lib/app/api/nodes.ts';
import type { Operations } from '../../lib/app/api/operation.ts';
import { orgOperations } from '../../lib/app/api/orgs.ts';
import { publishOperations } from '../../lib/app/api/publish.ts';
import { quarantineOperations } from '../../lib/app/api/quarantine.ts';
import { redriveOperations } from '../../lib/app/api/redrive.ts';
import { replayOperations } from '../../lib/app/api/replays.ts';
import { runReportOperations } from '../../lib/app/api/run-reports.ts';
import { sourceOperations } from '../../lib/app/api/sources.ts';
import { streamOperations } from '../../lib/app/api/streams.ts';
import { topicMappingOperations } from '../../lib/app/api/topic-mapping.ts';
import { traceOperations } from '../../lib/app/api/trace.ts';
import { brokerHostRule, webhookUrlRule } from '../../lib/app/api/url-rule.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import { createFilterOf } from '../../lib/app/endpoint-filters.ts';
import type { StoredNode } from '../../lib/core/action-node.ts';
import type { ApiKey } from '../../lib/core/api-key.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { Org } from '../../lib/core/org.ts';
import type { Replay } from '../../lib/core/replay.ts';
import type { SourceConfig, SourceDescription } from '../../lib/core/source.ts';

const dynamodb = createDynamoDbClient();
const now = Date.now;
const configTable = environment('CONFIG_TABLE');
const eventsTable = environment('EVENTS_TABLE');
const retentionDays = Number(environment('RETENTION_DAYS'));
const orgs = createDocuments<Org>(dynamodb, configTable, 'ORG');
const keys = createDocuments<ApiKey>(dynamodb, configTable, 'KEY');
const nodes = createDocuments<StoredNode>(dynamodb, configTable, 'NODE');
const { eventIdKey, sealKey } = await readOwnKeys();
const endpoints = createEndpointDocuments(dynamodb, configTable, sealKey);
const eventIds = createEventIds(eventIdKey);
const events = createEventReader(dynamodb, eventsTable, eventIds);
const targetRules = readTargetRules();
const guard = createAddressGuard(targetRules);
const partitionKeys = createPartitionKeys();
const sqs = createSqsClient();
const sources = JSON.parse(environment('SOURCES')) as SourceDescription[];
const sourceConfigs = createDocuments<SourceConfig>(dynamodb, configTable, 'SOURCE');
const transforms = createTransformRunner();
const quarantine = createQuarantineReader(dynamodb, eventsTable, eventIds, retentionDays, now);
const windowHours = Number(environment('IDEMPOTENCY_WINDOW_HOURS'));
const claims = createClaimStore(dynamodb, eventsTable, windowHours, now);
const published = createPublishedEvents(dynamodb, eventsTable, { retentionDays, windowHours }, now);
const deliveries = createDeliveryStore(dynamodb, eventsTable, retentionDays, now);
const lists = createEventLists(dynamodb, eventsTable, events);
const cachedEndpoints = createCachedEndpoints(endpoints, now);
/** What turns records and publish calls into events here. It sends no webhooks: deliveries are queued. */
const pipeline = {
  eventIds,
  transforms,
  // As it is set now: a redrive comes right after the change that it needs.
  sources: { read: (name: string) => sourceConfigs.get(name) },
  endpoints: cachedEndpoints,
  gate: createEndpointGate(cachedEndpoints, Number(environment('INLINE_BUDGET_MS')), now),
  slots: createRateSlots(dynamodb, eventsTable, now),
  claims,
  filterOf: createFilterOf(compilePattern),
  sender: { attempt: async () => undefined },
  watch: { record: () => {} },
  inlineBudgetMs: 0,
  store: createIngestStore(dynamodb, eventsTable, retentionDays, now),
  deliveries,
  wakeUps: createWakeUpQueue(sqs, wakeUpQueueUrls()),
  fanOutQueue: createJobQueue(sqs, environment('FAN_OUT_QUEUE')),
  heldMs: readHeldMs(),
  now,
  random: Math.random,
};

/** What makes deliveries once more. Endpoints are read as they are at this moment. */
const replaying = {
  endpoints: { byId: (id: string) => endpoints.get(id) },
  deliveries,
  events,
  published,
  wakeUps: pipeline.wakeUps,
  filterOf: pipeline.filterOf,
  now,
};
const replayJobs = {
  replays: createDocuments<Replay>(dynamodb, configTable, 'REPLAY'),
  watch: createJobWatch(dynamodb, eventsTable, 'REPLAY', retentionDays),
  queue: createJobQueue(sqs, environment('REPLAY_QUEUE')),
  now,
};
const mappings = createTopicMappings(dynamodb, configTable);
const streamJobs = {
  streams: createStreamDocuments(dynamodb, configTable, sealKey),
  watch: createJobWatch(dynamodb, eventsTable, 'STREAM', retentionDays),
  queue: createJobQueue(sqs, environment('STREAM_QUEUE')),
  now,
};

/** Every operation of the API by its route, with what it needs. */
export const operations: Operations = {
  ...healthOperations(),
  ...orgOperations({
    orgs,
    keys,
    endpoints,
    nodes,
    replays: replayJobs.replays,
    mappings,
    streamJobs,
    formerOrgs: createFormerOrgs(dynamodb, configTable),
    retentionDays,
    now,
  }),
  ...keyOperations({ keys, orgs, now }),
  ...endpointOperations({
    endpoints,
    orgs,
    sender: createEndpointSender(targetRules, partitionKeys, now),
    rules: {
      urlRule: webhookUrlRule(guard.originFault, targetRules),
      hostRule: brokerHostRule(guard.allowsHost, targetRules),
      partitionKeys,
      retentionDays,
      compilePattern,
    },
    releases: replayJobs,
    counts: createEndpointCounts(dynamodb, eventsTable, now),
    streaks: createFailureStreaks(dynamodb, eventsTable, retentionDays, now),
    // And the moment by which an index lags.
    changeShows: () => wait(freshMs + 500),
    now,
  }),
  ...eventOperations({
    lists,
    events,
    deliveries,
    claims,
    published,
    orgs,
    sources,
    retentionDays,
    now,
  }),
  ...publishOperations({
    orgs,
    pipeline: { ...pipeline, published, lists },
    calls: createPublishCalls(dynamodb, eventsTable, windowHours, now),
    callSecret: eventIdKey,
    now,
  }),
  ...deliveryOperations({
    ...replaying,
    lists: createDeliveryLists(dynamodb, eventsTable, deliveries),
    endpointDocuments: endpoints,
  }),
  ...eventReplayOperations(replaying),
  ...replayOperations({ ...replayJobs, orgs, endpoints }),
  ...streamOperations({ ...streamJobs, sources }),
  ...topicMappingOperations({ mappings, orgs, streamJobs, sources, now }),
  ...nodeOperations({ nodes, now }),
  ...runReportOperations({ runs: createRuns(dynamodb, configTable, retentionDays), orgs, now }),
  ...traceOperations({ events, published, orgs, sources }),
  ...quarantineOperations({ quarantine, sources }),
  ...redriveOperations({ quarantine, known: sources, pipeline }),
  ...sourceOperations({ known: sources, configs: sourceConfigs, transforms, quarantine, now }),
  ...dryRunOperations({ known: sources, configs: sourceConfigs, orgs, pipeline, now }),
};
