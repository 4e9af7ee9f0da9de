import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createPublishCalls } from '../../lib/adapters/dynamodb-publish-calls.ts';
import { createRuns } from '../../lib/adapters/dynamodb-runs.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import { openStreamProducer } from '../../lib/adapters/stream-producer.ts';
import { createCachedTopicMappings, createTopicMappings } from '../../lib/adapters/topic-mappings.ts';
import { ledgerEventOperations } from '../../lib/app/api/ledger-events.ts';
import { notificationOperations } from '../../lib/app/api/notifications.ts';
import type { Operations } from '../../lib/app/api/operation.ts';
import { runOperations } from '../../lib/app/api/runs.ts';
import { createOwnTopics } from '../../lib/app/own-topics.ts';
import type { PublishRecordsDependencies, StreamStanding } from '../../lib/app/publish-records.ts';
import type { StoredNode } from '../../lib/core/action-node.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { Org } from '../../lib/core/org.ts';

const dynamodb = createDynamoDbClient();
const now = Date.now;
const configTable = environment('CONFIG_TABLE');
const eventIdKey = await readSecret(environment('EVENT_ID_KEY_SECRET'));
const eventIds = createEventIds(eventIdKey);

// Without their passwords: those are sealed.
const streams = createDocuments<StreamStanding>(dynamodb, configTable, 'STREAM');

/** What every call that publishes records needs. Connections to brokers stay open from one invocation to the next. */
const publishing: PublishRecordsDependencies = {
  calls: createPublishCalls(
    dynamodb,
    environment('EVENTS_TABLE'),
    Number(environment('IDEMPOTENCY_WINDOW_HOURS')),
    now,
  ),
  callSecret: eventIdKey,
  producer: openStreamProducer(environment('STREAM_CLUSTER')),
  orgs: createDocuments<Org>(dynamodb, configTable, 'ORG'),
  streams,
  ownTopics: createOwnTopics(streams, now),
  now,
};

/** Every operation that publishes to streams by its route, with what it needs. */
export const operations: Operations = {
  ...notificationOperations(publishing),
  ...ledgerEventOperations({
    ...publishing,
    eventIds,
    mappings: createCachedTopicMappings(createTopicMappings(dynamodb, configTable), now),
  }),
  ...runOperations({
    ...publishing,
    eventIds,
    nodes: createDocuments<StoredNode>(dynamodb, configTable, 'NODE'),
    runs: createRuns(dynamodb, configTable, Number(environment('RETENTION_DAYS'))),
  }),
};
