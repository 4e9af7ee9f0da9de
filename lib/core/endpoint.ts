import type { KafkaTarget } from './kafka-target.ts';

/** Where events of an org are delivered. */
export type Endpoint = WebhookEndpoint | KafkaEndpoint;

export type EndpointType = Endpoint['type'];

/** What endpoints of all types have. */
interface AnyEndpoint {
  readonly id: string;
  readonly orgId: string;
  readonly description: string;
  /** `*`, exact types, or prefixes such as `order.*`. */
  readonly eventTypes: readonly string[];
  /** Which events it receives by their content; without it, all of its event types. */
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly status: EndpointStatus;
  /** Why it is disabled, when Fanout did it. */
  readonly disabledReason?: 'gone' | 'failing';
  /** Seconds before each further attempt; without it, the default schedule. */
  readonly scheduleSeconds?: readonly number[];
  /** The most that one attempt may take. */
  readonly timeoutMs: number;
  /** Attempts a second at most, over all functions; without it, as many as it takes. */
  readonly rateLimit?: number;
  /** What attempts have found out, for functions that have not tried it themselves yet. */
  readonly hints?: EndpointHints;
  /** That its attempts kept failing, the newest first. */
  readonly alerts?: readonly EndpointAlert[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface WebhookEndpoint extends AnyEndpoint {
  readonly type: 'webhook';
  readonly url: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as the `authorization` header of every request. */
  readonly auth?: EndpointAuth;
  /** What signs, newest first. */
  readonly secrets: readonly SigningSecret[];
}

/** A topic on the tenant's own cluster. */
export interface KafkaEndpoint extends AnyEndpoint {
  readonly type: 'kafka';
  readonly kafka: KafkaTarget;
}

/** Fields of endpoints that hold secrets. */
export const secretFields = ['headers', 'auth', 'secrets', 'kafka'] as const;

/** What names an endpoint in what is kept about it: an id that was deleted may belong to another org later. */
export type EndpointKey = Pick<Endpoint, 'id' | 'orgId'>;

/**
 * `active`: delivered to. `paused`: matched, deliveries are held until it is active again. `disabled`: not matched;
 * what was matched before is held.
 */
export type EndpointStatus = 'active' | 'paused' | 'disabled';

export interface EndpointHints {
  /** Whether its answers take so long that nobody else may wait for them; absent while nobody knows. */
  readonly slow?: boolean;
  /** Its circuit is open until then, RFC 3339. */
  readonly brokenUntil?: string;
  /** Half of the failures in a row that it may have are reached: who sees a success is to say so. */
  readonly failing?: true;
}

/** A streak of failures has reached a part of what is allowed. */
export interface EndpointAlert {
  /** RFC 3339. */
  readonly at: string;
  readonly percent: number;
  /** How many they were when it was noticed: one invocation may have several. */
  readonly consecutiveFailures: number;
  /** When the first of them failed, RFC 3339: each percent is told once for each streak. */
  readonly since: string;
}

export interface SigningSecret {
  readonly value: string;
  /** RFC 3339; absent on the newest. */
  readonly expiresAt?: string;
}

export type EndpointAuth =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string };

/** Secrets before the newest that are kept, at most. */
const mostPreviousSecrets = 2;

/** The secrets that sign at this moment. */
export function validSecrets(endpoint: WebhookEndpoint, nowMs: number): string[] {
  return unexpiredSecrets(endpoint, nowMs).map(({ value }) => value);
}

/** The secrets less those whose time is over. */
export function unexpiredSecrets({ secrets }: WebhookEndpoint, nowMs: number): SigningSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > nowMs);
}

/**
 * The secrets after a rotation.
 * @param value signs first from now on; none of the endpoint's, or an older one of them
 * @param overlapSeconds how long the secret so far goes on signing; older ones keep their own end. 0 ends all at once
 */
export function rotatedSecrets(
  endpoint: WebhookEndpoint,
  value: string,
  overlapSeconds: number,
  nowMs: number,
): SigningSecret[] {
  if (overlapSeconds === 0) return [{ value }];
  const [current, ...older] = unexpiredSecrets(endpoint, nowMs) as [SigningSecret, ...SigningSecret[]];
  const expiresAt = new Date(nowMs + overlapSeconds * 1000).toISOString();
  const previous = [{ ...current, expiresAt }, ...older].filter((secret) => secret.value !== value);
  return [{ value }, ...previous.slice(0, mostPreviousSecrets)];
}

/** What the `authorization` header says. Text beyond ASCII counts as its UTF-8 bytes (RFC 7617, section 2.1). */
export function authorizationOf(auth: EndpointAuth): string {
  if (auth.type === 'bearer') return `Bearer ${auth.token}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`;
}

/**
 * Whether two states of an endpoint are of the same one, with the same target: ids can be given again, and targets changed, while an
 * attempt is under way.
 */
export function hasSameTarget(one: Endpoint, other: Endpoint): boolean {
  const isSame = one.orgId === other.orgId && one.createdAt === other.createdAt;
  return isSame && JSON.stringify(targetOf(one)) === JSON.stringify(targetOf(other));
}

function targetOf(endpoint: Endpoint): unknown {
  return endpoint.type === 'webhook' ? endpoint.url : endpoint.kafka;
}
