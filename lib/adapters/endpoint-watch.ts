import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EndpointWatch, createEndpointWatch } from '../app/endpoint-watch.ts';
import type { DeliveryState } from '../core/delivery.ts';
import type { EndpointAlerter } from '../app/ports/endpoints.ts';
import { createEndpointCounts } from './dynamodb-endpoint-counts.ts';
import { createFailureStreaks } from './dynamodb-failure-streaks.ts';
import { endpointAlertLog } from './endpoint-alert-log.ts';
import { environment } from './environment.ts';
import { metrics } from './log.ts';

/** The watch over endpoints of a function that attempts deliveries, on the events table, with its stage's terms. */
export function watchEndpoints(
  client: DynamoDBClient,
  table: string,
  endpoints: EndpointAlerter,
  now: () => number,
): EndpointWatch {
  const minutes = environment('DISABLE_FAILING_AFTER_MINUTES');
  const watch = createEndpointWatch({
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
  return withMetrics(watch);
}

/** What an attempt leaves behind, as a metric. */
const outcomes: Readonly<Record<DeliveryState, string>> = {
  delivered: 'Delivered',
  queued: 'Retried',
  held: 'Held',
  failed: 'Failed',
};

/** Counts the attempts of an invocation by what came of them; over all endpoints, for those have no end. */
function withMetrics(watch: EndpointWatch): EndpointWatch {
  const counts: Record<string, number> = {};
  return {
    record(endpoint, attempt, state) {
      watch.record(endpoint, attempt, state);
      const name = outcomes[state];
      counts[name] = (counts[name] ?? 0) + 1;
    },
    async finish() {
      await watch.finish();
      if (Object.keys(counts).length > 0) metrics({ ...counts });
      for (const name of Object.keys(counts)) delete counts[name];
    },
  };
}
