import { type Endpoint, unexpiredSecrets } from '../../core/endpoint.ts';
import { isSecretHeader } from '../../core/headers.ts';
import { defaultScheduleSeconds } from '../../core/retry-schedule.ts';
import { presentAuth } from './endpoint-auth.ts';
import { mask } from './mask.ts';

/** An endpoint as the API shows it: secrets masked. */
export function presentEndpoint(endpoint: Endpoint, nowMs: number) {
  return {
    id: endpoint.id,
    owner_id: endpoint.orgId,
    type: endpoint.type,
    description: endpoint.description,
    event_types: endpoint.eventTypes,
    ...(endpoint.filter && { filter: endpoint.filter }),
    status: endpoint.status,
    ...(endpoint.disabledReason && { disabled_reason: endpoint.disabledReason }),
    rate_limit: endpoint.rateLimit ?? null,
    ...presentHints(endpoint, nowMs),
    retry: { schedule_seconds: endpoint.scheduleSeconds ?? defaultScheduleSeconds },
    ...(endpoint.auth && { auth: presentAuth(endpoint.auth) }),
    config: { url: endpoint.url, timeout_ms: endpoint.timeoutMs, headers: maskedHeaders(endpoint.headers) },
    credentials: { secret: maskedSecret(endpoint.secrets[0]!.value) },
    ...previousSecrets(endpoint, nowMs),
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}

/** What attempts have found out; left out while that is nothing. */
function presentHints({ hints }: Endpoint, nowMs: number) {
  const brokenUntil = hints?.brokenUntil;
  const isBroken = brokenUntil !== undefined && Date.parse(brokenUntil) > nowMs;
  return {
    ...(hints?.slow && { slow: true }),
    ...(isBroken && { circuit_open_until: brokenUntil }),
  };
}

/** Those that sign beside the newest; left out where there are none. */
function previousSecrets(endpoint: Endpoint, nowMs: number) {
  const previous = unexpiredSecrets(endpoint, nowMs).slice(1);
  if (previous.length === 0) return undefined;
  return {
    previous_secrets: previous.map(({ value, expiresAt }) => ({
      secret: maskedSecret(value),
      expires_at: expiresAt,
    })),
  };
}

/** Signing secrets are long, so that four of their characters may be shown. */
function maskedSecret(secret: string): string {
  return `whsec_${mask(secret)}`;
}

function maskedHeaders(headers: Endpoint['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isSecretHeader(name) ? mask(value) : value]),
  );
}
