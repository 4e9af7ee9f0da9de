import type { ExistingCluster, NewCluster, TenantAccess } from '../../infra/cluster-settings.ts';
import type { ExistingNetwork } from '../../infra/network-settings.ts';
import { type StageSettings, stages } from '../../infra/stages.ts';
import { secretArn, selfManaged, stageOf } from './source-stages.ts';

const { local, production, sandbox } = stages;

/** A network that is there, in which nothing is missing but the endpoint for DynamoDB. */
export const theirNetwork: ExistingNetwork = {
  kind: 'existing',
  vpcId: 'vpc-0000000a',
  privateSubnetIds: ['subnet-0000000a', 'subnet-0000000b', 'subnet-0000000c'],
  publicSubnetIds: [],
  routeTableIds: ['rtb-0000000a', 'rtb-0000000b'],
};

export const theirCluster: ExistingCluster = {
  kind: 'existing',
  clusterArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/theirs/0a1b2c3d-0000-4000-8000-000000000000-1',
  securityGroupId: 'sg-0000000a',
};

/** The production stage with another way for tenants to reach the brokers. */
export function reachedBy(tenantAccess: TenantAccess): StageSettings {
  return { ...production, cluster: { ...(production.cluster as NewCluster), tenantAccess } };
}

const everybody = { kind: 'public', from: ['0.0.0.0/0'] } as const;
const accounts = { kind: 'private_link', accounts: ['123456789012'] } as const;
const key = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d';
const ofEachKind = stageOf({
  role: { kind: 'msk', authentication: 'iam' },
  user: { kind: 'msk', authentication: 'scram-sha-512' },
  there: { kind: 'msk', authentication: 'iam', topicExists: true },
  plain: selfManaged('plain', {
    credentials: { secretArn: secretArn('user'), keyArn: key },
    certificateAuthority: { secretArn: secretArn('authority') },
    network: { subnetIds: ['subnet-0aa'], securityGroupIds: ['sg-0cc'] },
  }),
});

/** The stages as they are, and each setting that makes other resources of them. */
export const stageVariants: Readonly<Record<string, StageSettings>> = {
  local,
  sandbox,
  production,
  'sources of each kind': ofEachKind,
  'tenants in connected networks': reachedBy({ kind: 'private', from: ['10.20.0.0/16'] }),
  'tenants in other accounts, not yet': reachedBy({ ...accounts, opened: false }),
  'tenants in other accounts': reachedBy({ ...accounts, opened: true }),
  'tenants in other accounts, from anywhere': reachedBy({ ...accounts, opened: true, from: ['0.0.0.0/0'] }),
  'tenants on the Internet': reachedBy({ kind: 'public', opened: true, from: ['203.0.113.0/24'] }),
  'tenants anywhere, not yet': reachedBy({ ...everybody, opened: false }),
  'tenants anywhere': reachedBy({ ...everybody, opened: true }),
  'a network and a cluster that are there': { ...ofEachKind, network: theirNetwork, cluster: theirCluster },
  'a network that has its endpoint for DynamoDB': {
    ...sandbox,
    network: { ...theirNetwork, routeTableIds: [] },
    cluster: theirCluster,
  },
  'fixed addresses': { ...sandbox, staticEgress: true },
  'told by mail, with tags': { ...sandbox, alarmEmail: 'oncall@example.com', costTags: { team: 'core' } },
  'all on other clusters': {
    ...stageOf({ only: selfManaged('plain') }),
    cluster: { kind: 'none' },
    streams: { ...sandbox.streams, cluster: selfManaged('scram-sha-512') },
  },
};
