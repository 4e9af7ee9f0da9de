import type { UrlRule } from './endpoint-schemas.ts';

/**
 * Which URLs webhooks may have.
 * @param allowsOrigin the address guard's word on scheme and address; names are checked at each connection
 * @param allowsLoopback whether it is the local stage's guard, so that the message can say so
 */
export function webhookUrlRule(allowsOrigin: (origin: string) => boolean, allowsLoopback: boolean): UrlRule {
  const rule = `must be https and a public address${allowsLoopback ? ', or on loopback, where http will do' : ''}`;
  return (url) => (allowsOrigin(url.origin) ? undefined : rule);
}
