import type { UrlRule } from './endpoint-schemas.ts';

/**
 * Which URLs webhooks may have.
 * @param allowsOrigin the address guard's word on scheme and address; names are checked at each connection
 */
export function webhookUrlRule(allowsOrigin: (origin: string) => boolean): UrlRule {
  return (url) => (allowsOrigin(url.origin) ? undefined : 'must be https and a public address');
}
