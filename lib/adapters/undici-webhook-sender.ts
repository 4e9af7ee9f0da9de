import type { Endpoint } from '../core/endpoint.ts';
import { validSecrets } from '../core/endpoint.ts';
import type { WebhookSender } from '../app/ports/webhook-sender.ts';
import type { EventBody } from '../app/ports/wake-ups.ts';
import { signatureHeaders } from '../core/webhook-signature.ts';
import { createAddressGuard } from './address-guard.ts';
import { EndpointConnections, type WebhookRequest } from './endpoint-connections.ts';

/** Endpoints whose connections are kept open; the least recently used are closed first. */
const mostEndpoints = 200;

/**
 * Sends webhooks over connections that are kept for each endpoint.
 * @param allowLoopback lets loopback addresses pass the address guard; for the local stage
 */
export function createWebhookSender(allowLoopback: boolean, now: () => number): WebhookSender {
  const guard = createAddressGuard(allowLoopback);
  const endpoints = new Map<string, EndpointConnections>();

  const connectionsOf = (endpoint: Endpoint): EndpointConnections => {
    const { origin } = new URL(endpoint.url);
    const name = `${endpoint.id} ${origin}`;
    const connections = endpoints.get(name) ?? new EndpointConnections(origin, guard, now);
    // Set again, so that the map is ordered by use.
    endpoints.delete(name);
    endpoints.set(name, connections);
    if (endpoints.size > mostEndpoints) closeLeastUsed(endpoints);
    return connections;
  };

  return {
    attempt(endpoint, eventId, body, deadlineMs) {
      const request = (): WebhookRequest => toRequest(endpoint, eventId, body, now());
      return connectionsOf(endpoint).attempt(request, endpoint.timeoutMs, deadlineMs);
    },
  };
}

/** The map is ordered by use; connections with requests under way are left alone. */
function closeLeastUsed(endpoints: Map<string, EndpointConnections>): void {
  for (const [name, connections] of endpoints) {
    if (connections.busy) continue;
    endpoints.delete(name);
    connections.close();
    return;
  }
}

/** Built when the attempt begins, not earlier: each attempt has its own timestamp and signature. */
function toRequest(endpoint: Endpoint, eventId: string, body: EventBody, nowMs: number): WebhookRequest {
  const url = new URL(endpoint.url);
  return {
    path: url.pathname + url.search,
    body: body.data,
    headers: {
      ...utf8Headers(endpoint.headers),
      ...utf8Headers(body.headers),
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
