import type { UrlRule } from './webhook-endpoints.ts';

/** Which targets the stage allows. */
export interface AllowedTargets {
  /** Whether it is the local stage, so that the message can say so. */
  readonly allowLoopback: boolean;
  readonly ports: readonly number[] | 'any';
}

/**
 * Which URLs webhooks may have.
 * @param originFault the address guard's word on scheme, port and address; names are checked at each connection
 */
export function webhookUrlRule(
  originFault: (origin: string) => 'scheme' | 'port' | 'address' | undefined,
  { allowLoopback, ports }: AllowedTargets,
): UrlRule {
  const address = `must be https and a public address${allowLoopback ? ', or on loopback, where http will do' : ''}`;
  const port = `must use port ${ports === 'any' ? '' : ports.join(' or ')}`;
  return ({ host, origin }) => {
    // `blob:https://example.com` has the origin of what is inside it.
    const fault = host === '' ? 'scheme' : originFault(origin);
    if (!fault) return undefined;
    return fault === 'port' ? port : address;
  };
}

/**
 * Which hosts brokers of Kafka endpoints may have.
 * @param allowsHost the address guard's word on a host; names are checked at each connection
 */
export function brokerHostRule(
  allowsHost: (host: string) => boolean,
  { allowLoopback }: Pick<AllowedTargets, 'allowLoopback'>,
): (host: string) => string | undefined {
  const fault = `must have a public address${allowLoopback ? ', or one on loopback' : ''}`;
  return (host) => (allowsHost(host) ? undefined : fault);
}
