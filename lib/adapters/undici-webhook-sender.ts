import type { EndpointSender } from '../app/ports/endpoint-sender.ts';
import type { WebhookEndpoint } from '../core/endpoint.ts';
import { type ResolveName, createAddressGuard } from './address-guard.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { EndpointConnections } from './endpoint-connections.ts';
import { endpointRequest } from './endpoint-request.ts';
import type { TargetRules } from './target-rules.ts';

/** Connections at once, over all endpoints. */
const mostConnections = 600;

/**
 * Sends webhooks over connections that are kept for each endpoint.
 * @param rules where they may go
 * @param resolveName what names are resolved with; without it, as the machine does
 */
export function createWebhookSender(
  rules: TargetRules,
  now: () => number,
  resolveName?: ResolveName,
): EndpointSender<WebhookEndpoint> {
  const guard = createAddressGuard(rules, resolveName);
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
      const request = endpointRequest(endpoint);
      return connectionsOf(endpoint.id, request.origin).attempt(
        () => request.build(eventId, body, now()),
        endpoint.timeoutMs,
        times,
      );
    },
  };
}
