import { TimeoutError } from '@platformatic/kafka';
import type { AttemptError } from '../core/attempt.ts';
import { errorClass } from './connection-errors.ts';

/** What brokers say, by the name that Kafka's protocol gives it. */
const classes: Readonly<Record<string, AttemptError>> = {
  SASL_AUTHENTICATION_FAILED: 'authentication',
  UNSUPPORTED_SASL_MECHANISM: 'authentication',
  ILLEGAL_SASL_STATE: 'authentication',
  TOPIC_AUTHORIZATION_FAILED: 'authorization',
  CLUSTER_AUTHORIZATION_FAILED: 'authorization',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown_topic',
  INVALID_TOPIC_EXCEPTION: 'unknown_topic',
  MESSAGE_TOO_LARGE: 'too_large',
  RECORD_LIST_TOO_LARGE: 'too_large',
  REQUEST_TIMED_OUT: 'timeout',
};

/** What a broker says that knows less, or more, of the topic than we do: asking for its leaders again may help. */
const stale = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
]);

/** Codes of the client's own errors. */
const clientCodes: Readonly<Record<string, AttemptError>> = {
  PLT_KFK_AUTHENTICATION: 'authentication',
  // Of what it calls its user's errors, only these two can be met: TLS where there is none, and none where there is.
  PLT_KFK_USER: 'tls',
  // Without a cause, it says that the other side closed the connection.
  PLT_KFK_NETWORK: 'reset',
};

/** The class of what a broker says. */
export function brokerErrorClass(name: string): AttemptError {
  return classes[name] ?? 'connection';
}

export function isStale(name: string): boolean {
  return stale.has(name);
}

/** The class of what the client throws, by the codes of what caused it. */
export function kafkaErrorClass(error: unknown): AttemptError {
  const cause = firstCause(error);
  const { code, apiId } = cause as { code?: string; apiId?: string };
  if (apiId !== undefined) return brokerErrorClass(apiId);
  // The client gives its time-outs the code of any network error; only the class tells them apart.
  if (cause instanceof TimeoutError) return 'timeout';
  if (code !== undefined && Object.hasOwn(clientCodes, code)) return clientCodes[code]!;
  return errorClass(cause);
}

/** The error at the bottom; where the client has found out what one means, that one. */
function firstCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('unknown');
  if ((error as { code?: string }).code === 'PLT_KFK_USER') return error;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return first instanceof Error ? firstCause(first) : error;
}
