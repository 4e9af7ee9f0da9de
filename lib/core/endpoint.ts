/** Where events of an org are delivered. */
export interface Endpoint {
  readonly id: string;
  readonly orgId: string;
  readonly type: 'webhook';
  readonly description: string;
  /** `*`, exact types, or prefixes such as `order.*`. */
  readonly eventTypes: readonly string[];
  /** Which events it receives by their content; without it, all of its event types. */
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly status: EndpointStatus;
  /** Why it is disabled, when Fanout did it. */
  readonly disabledReason?: 'gone';
  /** Seconds before each further attempt; without it, the default schedule. */
  readonly scheduleSeconds?: readonly number[];
  readonly url: string;
  readonly timeoutMs: number;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** What signs, newest first. */
  readonly secrets: readonly SigningSecret[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/**
 * `active`: delivered to. `paused`: matched, deliveries are held until it is active again. `disabled`: not matched;
 * what was matched before is held.
 */
export type EndpointStatus = 'active' | 'paused' | 'disabled';

export interface SigningSecret {
  readonly value: string;
  /** RFC 3339; absent on the newest. */
  readonly expiresAt?: string;
}

/** The secrets that sign at this moment. */
export function validSecrets(endpoint: Endpoint, nowMs: number): string[] {
  return endpoint.secrets
    .filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > nowMs)
    .map(({ value }) => value);
}
