/** Header names in lower case, with their values. */
export type Headers = Readonly<Record<string, string>>;

/** Says how an event is to be routed; never forwarded. */
export const messageTypeHeader = 'x-convoy-message-type';

const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Everything below a space but the tab, and DEL: CR and LF would start a header of their own.

const unsafeValue = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Headers that concern one connection only (RFC 9110, section 7.6.1, and what is treated like them). */
const hopByHop = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers that the sender of a request must set itself. */
const setBySender = new Set([messageTypeHeader, 'content-length', 'content-type', 'host']);

/** Whether a header ends with its connection, and is never passed on; the name in lower case. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** Whether the text can be the name of an HTTP header. */
export function isHeaderName(name: string): boolean {
  return headerName.test(name);
}

/** Whether the text can be the value of an HTTP header: no CR, LF, NUL or other control character but the tab. */
export function isHeaderValue(value: string): boolean {
  return !unsafeValue.test(value);
}

/** Whether a webhook gets the header; the name in lower case. */
export function isForwarded(name: string): boolean {
  const isOurs = setBySender.has(name) || name.startsWith('webhook-') || name.startsWith('x-fanout-');
  return !isHopByHop(name) && !isOurs;
}

const secretName = /(^|[-_])(authorization|cookie|(api)?key|token|secret|password)$/;

/** Whether the header's name, in lower case, says that its value is a secret: `authorization`, `x-api-key` and the like. */
export function isSecretHeader(name: string): boolean {
  return secretName.test(name);
}
