import type { Endpoint } from '../../core/endpoint.ts';
import { randomId } from '../../core/identifiers.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { Answer } from './operation.ts';

/** Most that a test may take: the gateway waits for 30 s. */
const mostTimeoutMs = 20_000;
/** How long it may wait for a connection to be free. */
const mostWaitMs = 1000;

/** Sends one test event to the endpoint, whatever its status and event types. Nothing of it is recorded. */
export async function testEndpoint(
  sender: WebhookSender,
  endpoint: Endpoint,
  nowMs: number,
): Promise<Answer> {
  // Event ids lead to a trace; this one leads nowhere, and has not the form of one that does.
  const webhookId = randomId('msg');
  const attempt = await sender.attempt(
    { ...endpoint, timeoutMs: Math.min(endpoint.timeoutMs, mostTimeoutMs) },
    webhookId,
    { eventType: 'fanout.test', data: '{"test":true}', headers: {} },
    { beginByMs: nowMs + mostWaitMs, endByMs: nowMs + mostWaitMs + mostTimeoutMs },
  );
  // Without an attempt all connections were in use.
  const { statusCode, error, latencyMs, excerpt } = attempt ?? { error: 'aborted', latencyMs: mostWaitMs };
  return {
    status: 200,
    body: {
      ...(statusCode !== undefined && { status_code: statusCode }),
      ...(error && { error }),
      latency_ms: latencyMs,
      ...(excerpt && { excerpt }),
      webhook_id: webhookId,
    },
  };
}
