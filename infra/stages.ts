import type { z } from 'zod';
import { checkCluster, type ClusterSettings } from './cluster-settings.ts';
import { checkNetworkSettings, type NetworkSettings } from './network-settings.ts';
import { checkOperation, type OperationSettings } from './operation-settings.ts';
import { checkSources, whole } from './source-problems.ts';
import { localAuthority, localListeners, localOperator, type SourceSettings } from './source-settings.ts';
import { settingsShape, shapeProblems } from './settings-shape.ts';
import { checkStreams, type StreamSettings } from './stream-settings.ts';
import { checkWebhookTargets, type WebhookTargetSettings } from './webhook-targets.ts';

/** Everything that differs between stages. Units are in the names. */
export interface StageSettings extends WebhookTargetSettings, OperationSettings {
  readonly name: StageName;
  /** Named in templates because the stacks are synthesized without an account. */
  readonly region: string;
  /** What is ingested, by the source's name (1 to 40 lower-case letters, digits and dashes). */
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly streams: StreamSettings;
  /** Our own Kafka cluster. */
  readonly cluster: ClusterSettings;
  /** Where it is. Not made where nothing needs it: without a cluster of our own and without `staticEgress`. */
  readonly network: NetworkSettings;
  /**
   * Webhooks and messages leave from the fixed addresses of the new network's NAT gateways (an output of its stack), for
   * receivers that let in by address. Each GB then costs what NAT gateways take for it.
   */
  readonly staticEgress: boolean;
  /** What an endpoint's first attempts may take inside an ingest invocation before the rest is queued. */
  readonly inlineBudgetMs: number;
  /** How long events, deliveries and quarantined records are kept. */
  readonly retentionDays: number;
  /** How long a delivery is held for its endpoint to be active again, whole days from 1 to as long as events are kept. */
  readonly heldDays: number;
  /** How long an idempotency key stands for one event, from 1 hour to as long as events are kept. */
  readonly idempotencyWindowHours: number;
  /** Most invocations of the delivery function at once, 2 to 1000. */
  readonly deliveryConcurrency: number;
  /** Most invocations at once of the function for slow endpoints, 2 to 1000. Each has ten attempts under way. */
  readonly slowDeliveryConcurrency: number;
  /**
   * Most calls at once that publish to streams, 1 to 500, and as many that publish prices. Each has a connection to each
   * broker, and they are reserved: Lambda's quota for the account must leave 100 to all else.
   */
  readonly publishConcurrency: number;
  /** How many attempts at an endpoint may fail in a row, 10 to 10000; alerts tell when half of them have, and more. */
  readonly allowedConsecutiveFailures: number;
  /**
   * An endpoint that has had as many, over at least so many minutes (0 to 10080, a week), is disabled; or 'never'. Many may
   * fail in the seconds that a restart takes.
   */
  readonly disableFailingAfterMinutes: number | 'never';
}

/** What passes for settings has their type. */
settingsShape satisfies z.ZodType<StageSettings>;

export type StageName = 'local' | 'sandbox' | 'production';

const orders: SourceSettings = {
  number: 1,
  cluster: { kind: 'msk', authentication: 'iam' },
  topic: 'fanout.ingest',
  partitions: 6,
  consumerGroupId: 'fanout-ingest',
  batchSize: 100,
  batchWindowSeconds: 0,
  pollers: { minimum: 1, maximum: 4 },
};

const onAws = {
  region: 'eu-central-1',
  sources: { ingest: orders },
  // MSK's own advice for three brokers of this type, with three replicas.
  streams: { cluster: { kind: 'msk' }, mostUsers: 1000, mostPartitions: 1000 },
  cluster: {
    kind: 'new',
    kafkaVersion: '3.9.x.kraft',
    brokers: { count: 3, instanceType: 'kafka.m7g.large', storageGiB: 100 },
    tenantAccess: { kind: 'private', from: [] },
  },
  network: { kind: 'new', cidr: '10.0.0.0/16', natGateways: 3 },
  staticEgress: false,
  inlineBudgetMs: 1000,
  retentionDays: 30,
  heldDays: 14,
  idempotencyWindowHours: 24,
  deliveryConcurrency: 50,
  slowDeliveryConcurrency: 50,
  publishConcurrency: 50,
  allowedConsecutiveFailures: 100,
  disableFailingAfterMinutes: 60,
  allowLoopbackTargets: false,
  webhookPorts: [443],
  deniedAddressRanges: [],
  kafkaCertificateAuthorities: [],
  apiLimit: { callsPerSecond: 1000, burst: 2000 },
  costTags: {},
} satisfies Omit<StageSettings, 'name'>;

export const stages: Readonly<Record<StageName, StageSettings>> = {
  local: {
    ...onAws,
    name: 'local',
    streams: {
      cluster: {
        kind: 'self-managed',
        bootstrapServers: [localListeners.saslPlaintext],
        authentication: 'scram-sha-512',
        credentials: localOperator,
      },
      mostUsers: 1000,
      mostPartitions: 4000,
    },
    deliveryConcurrency: 2,
    slowDeliveryConcurrency: 2,
    publishConcurrency: 6,
    allowLoopbackTargets: true,
    kafkaCertificateAuthorities: [localAuthority],
    webhookPorts: 'any',
  },
  sandbox: {
    ...onAws,
    name: 'sandbox',
    // MSK takes 300 on a broker of this type, replicas counted: with three replicas on three brokers that is 300 in all.
    streams: { ...onAws.streams, mostPartitions: 240 },
    cluster: { ...onAws.cluster, brokers: { ...onAws.cluster.brokers, instanceType: 'kafka.t3.small' } },
    network: { ...onAws.network, natGateways: 1 },
  },
  production: { ...onAws, name: 'production' },
};

/**
 * The settings of a stage by name, checked.
 * @throws Error that lists the stages there are, or every field that is out of its range.
 */
export function stageSettings(name: string): StageSettings {
  if (!Object.hasOwn(stages, name)) {
    throw new Error(
      `There is no stage '${name}'. Choose one with -c stage=<${Object.keys(stages).join('|')}>.`,
    );
  }
  return checkedSettings(stages[name as StageName]);
}

/**
 * The settings, if they can be built.
 * @throws Error that lists every field that is out of its range
 */
export function checkedSettings(settings: StageSettings): StageSettings {
  const problems = stageProblems(settings);
  if (problems.length > 0)
    throw new Error(`Stage '${settings.name}' cannot be built:\n  ${problems.join('\n  ')}`);
  return settings;
}

/** Each field of the settings that is not as its type says, or else is out of its range, as `field: what is wrong`. */
export function stageProblems(settings: StageSettings): string[] {
  const problems = shapeProblems(settings);
  // What is not there, or is something else, has no range.
  if (problems.length > 0) return problems;
  const check = (holds: boolean, field: string, rule: string) => {
    if (!holds) problems.push(`${field}: ${rule}`);
  };

  check(
    /^[a-z]{2}(-[a-z]+)+-\d$/.test(settings.region),
    'region',
    `"${settings.region}" is not a region of AWS, such as eu-central-1`,
  );
  checkSources(settings, check);
  checkStreams(settings, check);
  checkCluster(settings, check);
  checkNetworkSettings(settings, check);
  checkOperation(settings, check);
  check(whole(settings.inlineBudgetMs, 0, 10_000), 'inlineBudgetMs', 'must be from 0 to 10000 ms');
  check(
    whole(settings.idempotencyWindowHours, 1, settings.retentionDays * 24),
    'idempotencyWindowHours',
    'must be a whole number, from 1 hour to as long as events are kept',
  );
  check(whole(settings.retentionDays, 1, 365), 'retentionDays', 'must be from 1 to 365 days');
  check(
    whole(settings.heldDays, 1, settings.retentionDays),
    'heldDays',
    'must be from 1 day to as long as events are kept',
  );
  for (const field of ['deliveryConcurrency', 'slowDeliveryConcurrency'] as const)
    check(whole(settings[field], 2, 1000), field, 'must be from 2 to 1000');
  check(whole(settings.publishConcurrency, 1, 500), 'publishConcurrency', 'must be from 1 to 500');
  check(
    whole(settings.allowedConsecutiveFailures, 10, 10_000),
    'allowedConsecutiveFailures',
    'must be from 10 to 10000',
  );
  check(
    settings.disableFailingAfterMinutes === 'never' || whole(settings.disableFailingAfterMinutes, 0, 10_080),
    'disableFailingAfterMinutes',
    "must be from 0 to 10080 minutes, or 'never'",
  );
  checkWebhookTargets(settings, check);
  return problems;
}
