/** One try to hand an event to an endpoint. */
export interface Attempt {
  /** When it began, milliseconds since 1970. */
  readonly atMs: number;
  /** How long it took, in milliseconds. */
  readonly latencyMs: number;
  /** The answer's status code, when there was an answer. */
  readonly statusCode?: number;
  /** What went wrong, when there was no answer. */
  readonly error?: AttemptError;
  /** The beginning of a refusal's body. */
  readonly excerpt?: string;
  /** What the endpoint asked for in `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** A closed list, so that failures can be counted. `aborted`: the time for first attempts ran out. */
export type AttemptError =
  'aborted' | 'timeout' | 'dns' | 'refused' | 'reset' | 'tls' | 'address_not_allowed' | 'connection';

/** What follows from an attempt. `gone`: the endpoint answered 410, so it wants nothing any more. */
export type Verdict = 'delivered' | 'retry' | 'gone';

/** The one place that decides whether an attempt is to be repeated. */
export function judge(attempt: Attempt): Verdict {
  if (attempt.statusCode === undefined) return 'retry';
  if (attempt.statusCode >= 200 && attempt.statusCode < 300) return 'delivered';
  return attempt.statusCode === 410 ? 'gone' : 'retry';
}
