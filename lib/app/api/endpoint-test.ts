import { type output, z } from 'zod';
import type { Attempt } from '../../core/attempt.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { eventTypePattern } from '../../core/event-types.ts';
import { randomId } from '../../core/identifiers.ts';
import type { EndpointSender } from '../ports/endpoint-sender.ts';
import type { PartitionKeys } from '../ports/partition-keys.ts';
import { endpointHeaders } from './endpoint-headers.ts';
import type { Answer } from './operation.ts';

/** What the test event holds; by default it says that it is a test. */
export const testSample = z.strictObject({
  event_type: z
    .string()
    .regex(eventTypePattern, 'must be an event type, such as order.created')
    .default('fanout.test'),
  data: z.unknown().optional(),
  metadata: endpointHeaders.default({}),
});

export type TestSample = output<typeof testSample>;

export const defaultTestData = '{"test":true}';

/** Most that a test may take: the gateway waits for 30 s. */
const mostTimeoutMs = 20_000;
/** How long it may wait for a connection to be free. */
const mostWaitMs = 1000;

/**
 * Sends one test event to the endpoint, whatever its status and event types. Nothing of it is recorded.
 * @param data the sample's, as it was sent: numbers arrive as they do in events
 */
export async function testEndpoint(
  sender: EndpointSender,
  partitionKeys: Pick<PartitionKeys, 'keyOf'>,
  endpoint: Endpoint,
  { event_type: eventType, metadata: headers }: TestSample,
  data: string,
  nowMs: number,
): Promise<Answer> {
  // Event ids lead to a trace; this one leads nowhere, and has not the form of one that does.
  const id = randomId('msg');
  const event = { eventType, data, headers };
  const attempt = (await sender.attempt(
    { ...endpoint, timeoutMs: Math.min(endpoint.timeoutMs, mostTimeoutMs) },
    id,
    { ...event, timeMs: nowMs },
    { beginByMs: nowMs + mostWaitMs, endByMs: nowMs + mostWaitMs + mostTimeoutMs },
  )) ?? { atMs: nowMs, error: 'aborted', latencyMs: mostWaitMs }; // All connections were in use.
  if (endpoint.type === 'webhook')
    return { status: 200, body: { ...presentResult(attempt), webhook_id: id } };
  const key = partitionKeys.keyOf(
    endpoint.kafka.partitionKeyTemplate,
    { ...event, id, timeMs: nowMs },
    endpoint.id,
  );
  const keySource = key === id ? 'event_id' : 'template';
  return { status: 200, body: { ...presentResult(attempt), event_id: id, key, key_source: keySource } };
}

function presentResult({ statusCode, acknowledged, error, latencyMs, excerpt }: Attempt) {
  return {
    ...(statusCode !== undefined && { status_code: statusCode }),
    ...acknowledged,
    ...(error && { error }),
    latency_ms: latencyMs,
    ...(excerpt && { excerpt }),
  };
}
