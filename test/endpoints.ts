import type { WebhookEndpoint } from '../lib/core/endpoint.ts';

/** A webhook endpoint; name only what a test is about. */
export function endpoint(parts: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id: 'ep_1',
    orgId: 'acme',
    type: 'webhook',
    description: '',
    eventTypes: ['*'],
    status: 'active',
    url: 'http://127.0.0.1:9/hook',
    timeoutMs: 1000,
    headers: {},
    secrets: [{ value: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }],
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...parts,
  };
}
