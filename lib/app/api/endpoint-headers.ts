import { z } from 'zod';
import { isForwarded, isHeaderName, isHeaderValue, isSecretHeader } from '../../core/headers.ts';
import { isMasked } from './mask.ts';
import { isObject } from './node-body.ts';

/** Headers of every request to a webhook: names in lower case come out. */
export const endpointHeaders = z
  // As they came: a record of zod's would leave `__proto__` out, and one value that is no text hide what else is wrong.
  .custom<Readonly<Record<string, unknown>>>(isObject, 'must be an object of texts')
  .superRefine((value, context) => {
    const names = Object.keys(value);
    if (names.length > 50) context.addIssue({ code: 'custom', message: 'must have at most 50 headers' });
    const seen = new Set<string>();
    for (const name of names) {
      const repeated = seen.has(name.toLowerCase()) && 'is given twice';
      const fault = repeated || headerFault(name, value[name]);
      if (fault) context.addIssue({ code: 'custom', path: [name], message: fault });
      seen.add(name.toLowerCase());
    }
  })
  .transform((value) =>
    Object.fromEntries(Object.entries(value).map(([name, header]) => [name.toLowerCase(), header as string])),
  );

function headerFault(name: string, value: unknown): string | undefined {
  if (name.length > 100 || !isHeaderName(name))
    return 'is not the name of an HTTP header, 1 to 100 characters';
  if (!isForwarded(name.toLowerCase())) return 'is set by Fanout itself or never forwarded';
  if (typeof value !== 'string' || value.length > 1024) return 'must be a text of at most 1024 characters';
  if (!isHeaderValue(value)) return 'holds a control character, such as CR, LF or NUL';
  const isMask = isSecretHeader(name.toLowerCase()) && isMasked(value);
  return isMask ? 'is masked: send the value itself, or leave headers out to keep them all' : undefined;
}
