import type { NetworkSettings } from './network-settings.ts';
import { isIpv4Range } from './network-settings.ts';
import { type Check, whole } from './source-problems.ts';
import type { SourceSettings } from './source-settings.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Our own Kafka cluster on MSK, which is what `kind: 'msk'` means for sources and streams. */
export type ClusterSettings = NewCluster | ExistingCluster | NoCluster;

/** The deploy makes it: provisioned, in three zones, three replicas of each topic, TLS alone, a key of the stage's own. */
export interface NewCluster {
  readonly kind: 'new';
  /** A version that MSK has, from 3.6 on, in its spelling (`3.9.x.kraft`). Raised by a deploy; brokers restart one by one. */
  readonly kafkaVersion: string;
  /** A multiple of three, one third in each zone. */
  readonly brokers: { readonly count: number; readonly instanceType: string; readonly storageGiB: number };
  readonly tenantAccess: TenantAccess;
}

/** One that is there: provisioned, in the stage's network, with IAM and SCRAM, and `allow.everyone.if.no.acl.found=false`. */
export interface ExistingCluster {
  readonly kind: 'existing';
  readonly clusterArn: string;
  /** Its members reach the brokers: it lets them in to itself, ports 9092 to 9098. */
  readonly securityGroupId: string;
}

/** There is none: all sources and the streams are on other clusters. */
export interface NoCluster {
  readonly kind: 'none';
}

/**
 * How consumers of tenants reach the brokers, always as their SCRAM user over TLS. MSK makes clusters closed: leave
 * `opened` false in the deploy that makes the cluster, and set it in the next.
 */
export type TenantAccess =
  | {
      /** From networks that are connected with ours. */
      readonly kind: 'private';
      /** Their IPv4 ranges. */
      readonly from: readonly string[];
    }
  | {
      /** From VPCs of other accounts, by managed connections. Not with kafka.t3.small. */
      readonly kind: 'private_link';
      readonly opened: boolean;
      /** The accounts that may connect. */
      readonly accounts: readonly string[];
      /**
       * IPv4 ranges of their VPCs, from which the cluster's own security group lets them in to the ports of private connections,
       * 14001 to 14100. Without it that is left to MSK.
       */
      readonly from?: readonly string[] | undefined;
    }
  | {
      /** Over the Internet: brokers are in the public subnets. A cluster that is in private ones cannot become public. */
      readonly kind: 'public';
      readonly opened: boolean;
      /** IPv4 ranges that may connect; `0.0.0.0/0` for everybody. */
      readonly from: readonly string[];
    };

/** What of a stage decides whether its cluster can be built. */
interface ClusterOfStage {
  readonly region: string;
  readonly cluster: ClusterSettings;
  readonly network: NetworkSettings;
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly streams: StreamSettings;
}

/** Checks the cluster by itself, then that whoever needs it has it. */
export function checkCluster(settings: ClusterOfStage, check: Check): void {
  const { cluster } = settings;
  if (cluster.kind === 'new') checkNew(cluster, settings.network, check);
  if (cluster.kind === 'existing') {
    checkExisting(cluster, settings.region, check);
    check(
      settings.network.kind === 'existing',
      'network.kind',
      "must be 'existing' where the cluster is: no broker of it is in a new network",
    );
  }
  if (cluster.kind !== 'none') return;
  const users = Object.entries(settings.sources).map(
    ([name, source]) => [`sources.${name}`, source] as const,
  );
  for (const [owner, { cluster: used }] of [...users, ['streams', settings.streams] as const]) {
    check(used.kind !== 'msk', `${owner}.cluster`, "is our own, but the stage's `cluster` is none");
  }
}

function checkNew(
  { kafkaVersion, brokers, tenantAccess }: NewCluster,
  network: NetworkSettings,
  check: Check,
) {
  check(
    /^(3\.([6-9]|\d\d)|[4-9]\.\d+)(\.[\dx]+)?(\.kraft)?$/.test(kafkaVersion),
    'cluster.kafkaVersion',
    'must be 3.6 or later, as MSK spells it: 3.9.x.kraft',
  );
  check(
    whole(brokers.count, 3, 30) && brokers.count % 3 === 0,
    'cluster.brokers.count',
    'must be a multiple of 3, from 3 to 30',
  );
  check(
    /^kafka\.[a-z0-9]+\.[a-z0-9]+$/.test(brokers.instanceType),
    'cluster.brokers.instanceType',
    'must be an instance type of MSK, such as kafka.m7g.large',
  );
  check(
    whole(brokers.storageGiB, 1, 16_384),
    'cluster.brokers.storageGiB',
    'must be from 1 to 16384 GiB for each broker',
  );
  checkAccess(tenantAccess, brokers.instanceType, network, check);
}

function checkAccess(
  access: TenantAccess,
  instanceType: string,
  network: NetworkSettings,
  check: Check,
): void {
  const at = 'cluster.tenantAccess';
  if (access.kind === 'private_link') {
    check(
      access.accounts.length > 0 && access.accounts.every((account) => /^\d{12}$/.test(account)),
      `${at}.accounts`,
      'must name at least one account, by its 12 digits',
    );
    check(
      instanceType !== 'kafka.t3.small',
      `${at}.kind`,
      'must not be private_link with brokers of type kafka.t3.small, for which MSK has none',
    );
  }
  for (const range of access.from ?? []) {
    check(isIpv4Range(range), `${at}.from`, `"${range}" is not an IPv4 range, such as 10.20.0.0/16`);
  }
  check(
    access.kind === 'private' || access.from?.length !== 0,
    `${at}.from`,
    'must name the ranges that may connect; 0.0.0.0/0 for everybody',
  );
  check(
    access.kind !== 'public' || network.kind === 'new' || network.publicSubnetIds.length > 0,
    'network.publicSubnetIds',
    'are needed where tenantAccess is public: the brokers are in them',
  );
}

function checkExisting({ clusterArn, securityGroupId }: ExistingCluster, region: string, check: Check): void {
  const arn = /^arn:aws[a-z-]*:kafka:([a-z0-9-]+):\d{12}:cluster\/[A-Za-z0-9-]+\/[0-9a-f-]+-\d+$/.exec(
    clusterArn,
  );
  check(
    arn !== null,
    'cluster.clusterArn',
    `"${clusterArn}" is not the ARN of a provisioned cluster: arn:aws:kafka:<region>:<account>:cluster/<name>/<uuid>`,
  );
  check(arn === null || arn[1] === region, 'cluster.clusterArn', `must be in the stage's region, ${region}`);
  check(
    /^sg-[0-9a-f]{8,17}$/.test(securityGroupId),
    'cluster.securityGroupId',
    'must be an id as sg-0a1b2c3d',
  );
}
