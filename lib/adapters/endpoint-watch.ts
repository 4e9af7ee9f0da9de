import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EndpointWatch, createEndpointWatch } from '../app/endpoint-watch.ts';
import type { EndpointAlerter } from '../app/ports/endpoints.ts';
import { createEndpointCounts } from './dynamodb-endpoint-counts.ts';
import { createFailureStreaks } from './dynamodb-failure-streaks.ts';
import { endpointAlertLog } from './endpoint-alert-log.ts';
import { environment } from './environment.ts';

/** The watch over endpoints of a function that attempts deliveries, on the events table, with its stage's terms. */
export function watchEndpoints(
  client: DynamoDBClient,
  table: string,
  endpoints: EndpointAlerter,
  now: () => number,
): EndpointWatch {
  const minutes = environment('DISABLE_FAILING_AFTER_MINUTES');
  return createEndpointWatch({
    counts: createEndpointCounts(client, table, now),
    streaks: createFailureStreaks(client, table, Number(environment('RETENTION_DAYS')), now),
    endpoints,
    alerts: endpointAlertLog,
    terms: {
      allowed: Number(environment('ALLOWED_CONSECUTIVE_FAILURES')),
      disablesAfterMs: minutes === 'never' ? undefined : Number(minutes) * 60_000,
    },
    now,
  });
}
