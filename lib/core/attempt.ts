/** One try to hand an event to an endpoint. */
export interface Attempt {
  /** When it began, milliseconds since 1970. */
  readonly atMs: number;
  /** How long it took, in milliseconds. */
  readonly latencyMs: number;
  /** The answer's status code, when there was an answer. */
  readonly statusCode?: number;
  /** Where a Kafka cluster says that it keeps the message, once all in-sync replicas have it. */
  readonly acknowledged?: { readonly partition: number; readonly offset: string };
  /** What went wrong, when there was no answer. */
  readonly error?: AttemptError;
  /** The beginning of a refusal's body. */
  readonly excerpt?: string;
  /** What the endpoint asked for in `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/**
 * A closed list, so that failures can be counted. `aborted`: the time for first attempts ran out. The last four are
 * what a Kafka cluster refuses.
 */
export type AttemptError =
  | 'aborted'
  | 'timeout'
  | 'dns'
  | 'refused'
  | 'reset'
  | 'tls'
  | 'address_not_allowed'
  | 'connection'
  | 'authentication'
  | 'authorization'
  | 'unknown_topic'
  | 'too_large';

/**
 * What follows from an attempt. `gone`: the endpoint answered 410, so it wants nothing any more. `never`: it will
 * not take this event, however often it is tried.
 */
export type Verdict = 'delivered' | 'retry' | 'gone' | 'never';

/** The one place that decides whether an attempt is to be repeated. */
export function judge(attempt: Attempt): Verdict {
  if (attempt.acknowledged) return 'delivered';
  // What else a cluster refuses (a password, a right, a topic) its owner mends.
  if (attempt.error === 'too_large') return 'never';
  if (attempt.statusCode === undefined) return 'retry';
  if (attempt.statusCode >= 200 && attempt.statusCode < 300) return 'delivered';
  return attempt.statusCode === 410 ? 'gone' : 'retry';
}
