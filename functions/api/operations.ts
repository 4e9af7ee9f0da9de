import { createAddressGuard } from '../../lib/adapters/address-guard.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { createQuarantineReader } from '../../lib/adapters/dynamodb-quarantine.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import { endpointOperations } from '../../lib/app/api/endpoints.ts';
import { healthOperations } from '../../lib/app/api/health.ts';
import { keyOperations } from '../../lib/app/api/keys.ts';
import type { Operations } from '../../lib/app/api/operation.ts';
import { orgOperations } from '../../lib/app/api/orgs.ts';
import { quarantineOperations } from '../../lib/app/api/quarantine.ts';
import { type KnownSource, traceOperations } from '../../lib/app/api/trace.ts';
import { webhookUrlRule } from '../../lib/app/api/url-rule.ts';
import type { ApiKey } from '../../lib/core/api-key.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { Org } from '../../lib/core/org.ts';

const dynamodb = createDynamoDbClient();
const now = Date.now;
const configTable = environment('CONFIG_TABLE');
const eventsTable = environment('EVENTS_TABLE');
const retentionDays = Number(environment('RETENTION_DAYS'));
const orgs = createDocuments<Org>(dynamodb, configTable, 'ORG');
const keys = createDocuments<ApiKey>(dynamodb, configTable, 'KEY');
const endpoints = createDocuments<Endpoint>(dynamodb, configTable, 'ENDPOINT');
const eventIds = createEventIds(await readSecret(environment('EVENT_ID_KEY_SECRET')));
const allowsLoopback = environment('ALLOW_LOOPBACK_TARGETS') === 'true';
const guard = createAddressGuard(allowsLoopback);

/** Every operation of the API by its route, with what it needs. */
export const operations: Operations = {
  ...healthOperations(),
  ...orgOperations({ orgs, keys, endpoints, now }),
  ...keyOperations({ keys, orgs, now }),
  ...endpointOperations({
    endpoints,
    orgs,
    rules: { urlRule: webhookUrlRule(guard.allowsOrigin, allowsLoopback), retentionDays, compilePattern },
    now,
  }),
  ...traceOperations({
    events: createEventReader(dynamodb, eventsTable, eventIds),
    sources: JSON.parse(environment('SOURCES')) as KnownSource[],
  }),
  ...quarantineOperations({
    quarantine: createQuarantineReader(dynamodb, eventsTable, retentionDays, now),
  }),
};
