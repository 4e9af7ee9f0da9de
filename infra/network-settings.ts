import { type Check, whole } from './source-problems.ts';

/** The network that the brokers of our own cluster are in, and the functions that reach them. */
export type NetworkSettings = NewNetwork | ExistingNetwork;

/** A VPC that the deploy makes: a public and a private subnet in each of three zones. */
export interface NewNetwork {
  readonly kind: 'new';
  /** Its addresses, an IPv4 range from /16 to /20 that no network has which it is ever to be connected with. */
  readonly cidr: string;
  /**
   * 1 or 3. Each has a fixed address, from which functions in the network reach what is not in it. With one, the loss of
   * its zone stops them; three cost three times as much.
   */
  readonly natGateways: number;
  /**
   * Three zones of the region, such as `eu-central-1a`, that have MSK's brokers; without it, the first three that CloudFormation
   * lists for the account. Fixed with the first deploy: in other zones are other subnets, and another cluster.
   */
  readonly availabilityZones?: readonly string[];
}

/** A VPC of the account. From its private subnets HTTPS must lead out, by NAT gateways or interface endpoints. */
export interface ExistingNetwork {
  readonly kind: 'existing';
  readonly vpcId: string;
  /** Three private subnets, one in each of three zones. */
  readonly privateSubnetIds: readonly string[];
  /** Three public ones, where the brokers are when `tenantAccess` is `public`; else none are needed. */
  readonly publicSubnetIds: readonly string[];
  /** Route tables of the private subnets that have no gateway endpoint for DynamoDB yet: the deploy makes it. */
  readonly routeTableIds: readonly string[];
}

/** What of a stage decides whether its network can be built. */
interface NetworkOfStage {
  readonly network: NetworkSettings;
  readonly region: string;
  readonly staticEgress: boolean;
}

/** Checks the network. Whether an existing one is as described, only the deploy can tell. */
export function checkNetworkSettings({ network, region, staticEgress }: NetworkOfStage, check: Check): void {
  if (network.kind === 'new') {
    check(isPrivateRange(network.cidr), 'network.cidr', 'must be a private IPv4 range from /16 to /20');
    check([1, 3].includes(network.natGateways), 'network.natGateways', 'must be 1 or 3');
    const zones = network.availabilityZones;
    check(
      zones === undefined ||
        (new Set(zones).size === 3 && zones.length === 3 && zones.every((zone) => isZoneOf(region, zone))),
      'network.availabilityZones',
      `must be three different zones of the region, such as ${region}a`,
    );
    return;
  }
  const ids = (field: keyof ExistingNetwork, given: readonly string[], counts: readonly number[]) => {
    const prefix = field === 'routeTableIds' ? 'rtb' : 'subnet';
    check(
      counts.includes(given.length) &&
        given.every((id) => new RegExp(`^${prefix}-[0-9a-f]{8,17}$`).test(id)) &&
        new Set(given).size === given.length,
      `network.${field}`,
      `must be ${counts.join(' or ')} different ids as ${prefix}-0a1b2c3d`,
    );
  };
  check(/^vpc-[0-9a-f]{8,17}$/.test(network.vpcId), 'network.vpcId', 'must be an id as vpc-0a1b2c3d');
  ids('privateSubnetIds', network.privateSubnetIds, [3]);
  ids('publicSubnetIds', network.publicSubnetIds, [0, 3]);
  ids('routeTableIds', network.routeTableIds, [0, 1, 2, 3]);
  check(
    !staticEgress,
    'staticEgress',
    "must be false with an existing network: where its NAT gateways' addresses come from is its owner's matter",
  );
}

function isZoneOf(region: string, zone: string): boolean {
  return zone.startsWith(region) && /^[a-z]$/.test(zone.slice(region.length));
}

/** An IPv4 range in CIDR notation, such as 10.0.0.0/16. */
export function isIpv4Range(range: string): boolean {
  const [address, bits, ...more] = range.split('/');
  const parts = (address ?? '').split('.');
  return (
    more.length === 0 &&
    parts.length === 4 &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255) &&
    /^\d{1,2}$/.test(bits ?? '') &&
    Number(bits) <= 32
  );
}

function isPrivateRange(range: string): boolean {
  return (
    isIpv4Range(range) &&
    /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)\./.test(range) &&
    whole(Number(range.split('/')[1]), 16, 20)
  );
}
