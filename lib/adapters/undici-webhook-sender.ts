import type { Endpoint } from '../core/endpoint.ts';
import { validSecrets } from '../core/endpoint.ts';
import type { WebhookSender } from '../app/ports/webhook-sender.ts';
import type { EventBody } from '../app/ports/wake-ups.ts';
import { signatureHeaders } from '../core/webhook-signature.ts';
import { createAddressGuard } from './address-guard.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { EndpointConnections } from './endpoint-connections.ts';
import type { WebhookRequest } from './webhook-request.ts';

/** Connections at once, over all endpoints. */
const mostConnections = 600;

/**
 * Sends webhooks over connections that are kept for each endpoint.
 * @param allowLoopback lets loopback addresses pass the address guard; for the local stage
 */
export function createWebhookSender(allowLoopback: boolean, now: () => number): WebhookSender {
  const guard = createAddressGuard(allowLoopback);
  const endpoints = new Map<string, EndpointConnections>();

  /** The map is ordered by use: the first that is not busy was not used for longest. */
  const closeIdle = (): number => {
    for (const [name, connections] of endpoints) {
      if (connections.busy) continue;
      endpoints.delete(name);
      return connections.close();
    }
    return 0;
  };
  const budget = new ConnectionBudget(mostConnections, closeIdle);
  const connectionsOf = (endpointId: string, origin: string): EndpointConnections => {
    const name = `${endpointId} ${origin}`;
    const connections = endpoints.get(name) ?? new EndpointConnections(origin, guard, budget, now);
    endpoints.delete(name);
    endpoints.set(name, connections);
    return connections;
  };

  return {
    attempt(endpoint, eventId, body, times) {
      const url = new URL(endpoint.url);
      const request = (): WebhookRequest => toRequest(endpoint, url, eventId, body, now());
      return connectionsOf(endpoint.id, url.origin).attempt(request, endpoint.timeoutMs, times);
    },
  };
}

/** Built when the attempt begins, not earlier: each attempt has its own timestamp and signature. */
function toRequest(
  endpoint: Endpoint,
  url: URL,
  eventId: string,
  body: EventBody,
  nowMs: number,
): WebhookRequest {
  return {
    path: url.pathname + url.search,
    body: body.data,
    headers: {
      ...utf8Headers(body.headers),
      ...utf8Headers(endpoint.headers),
      'content-type': 'application/json',
      'user-agent': 'Fanout/1',
      'x-fanout-event-type': body.eventType,
      ...signatureHeaders(validSecrets(endpoint, nowMs), eventId, nowMs, body.data),
    },
  };
}

/** HTTP header values are bytes; text beyond ASCII goes as its UTF-8 bytes, one character each. */
function utf8Headers(headers: EventBody['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}
