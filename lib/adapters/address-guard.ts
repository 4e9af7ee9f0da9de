import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { TargetRules } from './target-rules.ts';

/**
 * Addresses that are not public unicast, from the special-purpose address registries of IANA (RFC 6890). IPv6 is the
 * other way round: only 2000::/3 is global unicast, and of it what stands here is excepted.
 */
const special = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4 holds an IPv4 address
  ['3fff::', 20], // documentation
] as const) {
  special.addSubnet(network, bits, 'ipv6');
}
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Why an origin may not be called. */
export type OriginFault = 'scheme' | 'port' | 'address';

export interface AddressGuard {
  /**
   * Why the origin may not be called at all, if so: it is not HTTPS, its port is none of the stage's, or it is written
   * as an IP address that is not allowed. Names are checked by `lookup`.
   */
  readonly originFault: (origin: string) => OriginFault | undefined;
  /** Whether the IP address, in any spelling that `node:net` knows, may be connected to. */
  readonly allows: (address: string) => boolean;
  /** The same for a host; a name passes here, and is checked by `lookup`. */
  readonly allowsHost: (host: string) => boolean;
  /**
   * A `lookup` for sockets: resolves a name, and fails when any address of it is not allowed. What it answers is what
   * the socket connects to, so that a name cannot change its address between check and use.
   */
  readonly lookup: (
    hostname: string,
    options: LookupOptions,
    callback: (
      error: NodeJS.ErrnoException | null,
      address: string | LookupAddress[],
      family?: number,
    ) => void,
  ) => void;
}

/** All addresses of a name, as `node:dns` finds them. */
export type ResolveName = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** `code` of the error that a refused address gives. */
export const addressNotAllowed = 'FANOUT_ADDRESS_NOT_ALLOWED';

const schemePorts: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/** @param resolveName what names are resolved with */
export function createAddressGuard(rules: TargetRules, resolveName: ResolveName = lookup): AddressGuard {
  const { allowLoopback, ports } = rules;
  const denied = new BlockList();
  for (const range of rules.deniedRanges) {
    const [network, bits] = range.split('/') as [string, string];
    denied.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6');
  }
  const allows = (address: string): boolean => {
    const family = isIP(address);
    // A zone (fe80::1%eth0) is of no use on a public address.
    if (family === 0 || address.includes('%')) return false;
    const version = family === 4 ? 'ipv4' : 'ipv6';
    if (denied.check(address, version)) return false;
    if (allowLoopback && loopback.check(address, version)) return true;
    if (family === 4) return !special.check(address, 'ipv4');
    return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
  };
  return {
    allows,
    allowsHost: (host) => isIP(host) === 0 || allows(host),
    originFault(origin) {
      // The origin of `mailto:`, `data:` and the like is the word null.
      if (!URL.canParse(origin)) return 'scheme';
      const { protocol, hostname, port } = new URL(origin);
      if (protocol !== 'https:' && !(allowLoopback && protocol === 'http:')) return 'scheme';
      const host = hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !allows(host)) return 'address';
      if (ports === 'any') return undefined;
      return ports.includes(port === '' ? schemePorts[protocol]! : Number(port)) ? undefined : 'port';
    },
    lookup(hostname, options, callback) {
      resolveName(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, []);
        if (addresses.length === 0 || !addresses.every(({ address }) => allows(address))) {
          return callback(notAllowed(hostname), []);
        }
        if (options.all) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      });
    },
  };
}

/** The error for an address that is not allowed; it names the host as the caller wrote it, not what it resolves to. */
export function notAllowed(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} is not a public address`), { code: addressNotAllowed });
}
