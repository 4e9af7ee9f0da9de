import { createAddressGuard } from '../../lib/adapters/address-guard.ts';
import { createCachedEndpoints } from '../../lib/adapters/cached-endpoints.ts';
import { createClaimStore } from '../../lib/adapters/dynamodb-claims.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDeliveryStore } from '../../lib/adapters/dynamodb-deliveries.ts';
import { createDeliveryLists } from '../../lib/adapters/dynamodb-delivery-lists.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEndpointCounts } from '../../lib/adapters/dynamodb-endpoint-counts.ts';
import { createEventLists } from '../../lib/adapters/dynamodb-event-lists.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createFailureStreaks } from '../../lib/adapters/dynamodb-failure-streaks.ts';
import { createIngestStore } from '../../lib/adapters/dynamodb-ingest-store.ts';
import { createQuarantineReader } from '../../lib/adapters/dynamodb-quarantine.ts';
import { createReplayWatch } from '../../lib/adapters/dynamodb-replay-watch.ts';
import { createRateSlots } from '../../lib/adapters/dynamodb-rate-slots.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readHeldMs } from '../../lib/adapters/held-time.ts';
import { createTransformRunner } from '../../lib/adapters/quickjs-transforms.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { readTargetRules } from '../../lib/adapters/target-rules.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { createWebhookSender } from '../../lib/adapters/undici-webhook-sender.ts';
import { deliveryOperations } from '../../lib/app/api/deliveries.ts';
import { dryRunOperations } from '../../lib/app/api/dry-run.ts';
import { endpointOperations } from '../../lib/app/api/endpoints.ts';
import { eventReplayOperations } from '../../lib/app/api/event-replay.ts';
import { eventOperations } from '../../lib/app/api/events.ts';
import { healthOperations } from '../../lib/app/api/health.ts';
import { keyOperations } from '../../lib/app/api/keys.ts';
import type { Operations } from '../../lib/app/api/operation.ts';
import { orgOperations } from '../../lib/app/api/orgs.ts';
import { quarantineOperations } from '../../lib/app/api/quarantine.ts';
import { redriveOperations } from '../../lib/app/api/redrive.ts';
import { replayOperations } from '../../lib/app/api/replays.ts';
import { sourceOperations } from '../../lib/app/api/sources.ts';
import { traceOperations } from '../../lib/app/api/trace.ts';
import { webhookUrlRule } from '../../lib/app/api/url-rule.ts';
import { createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import { createFilterOf } from '../../lib/app/endpoint-filters.ts';
import type { ApiKey } from '../../lib/core/api-key.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
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
const endpoints = createDocuments<Endpoint>(dynamodb, configTable, 'ENDPOINT');
const eventIds = createEventIds(await readSecret(environment('EVENT_ID_KEY_SECRET')));
const events = createEventReader(dynamodb, eventsTable, eventIds);
const targetRules = readTargetRules();
const { originFault } = createAddressGuard(targetRules);
const sqs = createSqsClient();
const sources = JSON.parse(environment('SOURCES')) as SourceDescription[];
const sourceConfigs = createDocuments<SourceConfig>(dynamodb, configTable, 'SOURCE');
const transforms = createTransformRunner();
const quarantine = createQuarantineReader(dynamodb, eventsTable, eventIds, retentionDays, now);
const claims = createClaimStore(dynamodb, eventsTable, Number(environment('IDEMPOTENCY_WINDOW_HOURS')), now);
const cachedEndpoints = createCachedEndpoints(endpoints, now);
/** What turns records into events here. It sends no webhooks: deliveries are queued. */
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
  wakeUps: createWakeUpQueue(sqs, wakeUpQueueUrls()),
  fanOutQueue: createJobQueue(sqs, environment('FAN_OUT_QUEUE')),
  heldMs: readHeldMs(),
  now,
  random: Math.random,
};

const deliveries = createDeliveryStore(dynamodb, eventsTable, retentionDays, now);
/** What makes deliveries once more. Endpoints are read as they are at this moment. */
const replaying = {
  endpoints: { byId: (id: string) => endpoints.get(id) },
  deliveries,
  events,
  wakeUps: pipeline.wakeUps,
  filterOf: pipeline.filterOf,
  now,
};
const replayJobs = {
  replays: createDocuments<Replay>(dynamodb, configTable, 'REPLAY'),
  watch: createReplayWatch(dynamodb, eventsTable, retentionDays, now),
  queue: createJobQueue(sqs, environment('REPLAY_QUEUE')),
  now,
};

/** Every operation of the API by its route, with what it needs. */
export const operations: Operations = {
  ...healthOperations(),
  ...orgOperations({ orgs, keys, endpoints, replays: replayJobs.replays, now }),
  ...keyOperations({ keys, orgs, now }),
  ...endpointOperations({
    endpoints,
    orgs,
    sender: createWebhookSender(targetRules, now),
    rules: { urlRule: webhookUrlRule(originFault, targetRules), retentionDays, compilePattern },
    releases: replayJobs,
    counts: createEndpointCounts(dynamodb, eventsTable, now),
    streaks: createFailureStreaks(dynamodb, eventsTable, retentionDays, now),
    now,
  }),
  ...eventOperations({
    lists: createEventLists(dynamodb, eventsTable, events),
    events,
    deliveries,
    claims,
    orgs,
    sources,
    retentionDays,
    now,
  }),
  ...deliveryOperations({
    ...replaying,
    lists: createDeliveryLists(dynamodb, eventsTable, deliveries),
    endpointDocuments: endpoints,
  }),
  ...eventReplayOperations(replaying),
  ...replayOperations({ ...replayJobs, orgs, endpoints }),
  ...traceOperations({ events, orgs, sources }),
  ...quarantineOperations({ quarantine, sources }),
  ...redriveOperations({ quarantine, known: sources, pipeline }),
  ...sourceOperations({ known: sources, configs: sourceConfigs, transforms, quarantine, now }),
  ...dryRunOperations({ known: sources, configs: sourceConfigs, orgs, pipeline, now }),
};
