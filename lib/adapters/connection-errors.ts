import type { AttemptError } from '../core/attempt.ts';
import { addressNotAllowed } from './address-guard.ts';

const classes: Readonly<Record<string, AttemptError>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  [addressNotAllowed]: 'address_not_allowed',
};

/** The class of what a socket or the HTTP client reports, by its code; a class itself stays as it is. */
export function errorClass(error: Error | AttemptError): AttemptError {
  if (typeof error === 'string') return error;
  const code = codeOf(error);
  if (Object.hasOwn(classes, code)) return classes[code]!;
  // Node and OpenSSL name their certificate errors in many ways.
  return /^ERR_(TLS|SSL)|CERT|SIGNATURE|^UNABLE_TO/.test(code) ? 'tls' : 'connection';
}

/** Whether the other side closed the connection without an answer. */
export function isConnectionReset(error: Error | AttemptError): boolean {
  return typeof error !== 'string' && errorClass(error) === 'reset';
}

/** Where several addresses were tried, the first one's code. */
function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code) return code;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return first instanceof Error ? codeOf(first) : '';
}
