/** A Kafka topic that Fanout ingests. Infrastructure: changed by a deploy, not at run time. */
export interface SourceSettings {
  /**
   * The source's number in event ids, 1 to 1023. It must never change and never be given to another source:
   * ids that are out in the world are decoded with it.
   */
  readonly number: number;
  /** The topic on our own cluster. */
  readonly topic: string;
  /** Partitions of the topic, made by the deploy. Also the most invocations at once. */
  readonly partitions: number;
  /** Consumer group of the event source mapping; fixed once it is created. */
  readonly consumerGroupId: string;
  /** Records in one invocation at most, 1 to 1000. */
  readonly batchSize: number;
  /** Seconds to wait for a batch to fill, 0 to 300. 0 hands on what is there. */
  readonly batchWindowSeconds: number;
}

/** Everything that differs between stages. Units are in the names. */
export interface StageSettings {
  readonly name: StageName;
  /** Named in templates because the stacks are synthesized without an account. */
  readonly region: string;
  readonly sources: Readonly<Record<string, SourceSettings>>;
  /** Brokers of the cluster: a multiple of three, one third in each zone. */
  readonly brokers: { readonly count: number; readonly instanceType: string; readonly storageGiB: number };
  /** What an endpoint's first attempts may take inside an ingest invocation before the rest is queued. */
  readonly inlineBudgetMs: number;
  /** How long events, deliveries and quarantined records are kept. */
  readonly retentionDays: number;
  /** How long an idempotency key stands for one event, from 1 hour to as long as events are kept. */
  readonly idempotencyWindowHours: number;
  /** Most invocations of the delivery function at once, 2 to 1000. */
  readonly deliveryConcurrency: number;
  /**
   * Lets webhook URLs use plain HTTP and loopback addresses. Only for the local stage: on AWS it would let a
   * tenant reach what listens inside the function's own sandbox.
   */
  readonly allowLoopbackTargets: boolean;
}

export type StageName = 'local' | 'sandbox' | 'production';

const orders: SourceSettings = {
  number: 1,
  topic: 'fanout.ingest',
  partitions: 6,
  consumerGroupId: 'fanout-ingest',
  batchSize: 100,
  batchWindowSeconds: 0,
};

const onAws = {
  region: 'eu-central-1',
  sources: { ingest: orders },
  brokers: { count: 3, instanceType: 'kafka.m7g.large', storageGiB: 100 },
  inlineBudgetMs: 1000,
  retentionDays: 30,
  idempotencyWindowHours: 24,
  deliveryConcurrency: 50,
  allowLoopbackTargets: false,
} satisfies Omit<StageSettings, 'name'>;

export const stages: Readonly<Record<StageName, StageSettings>> = {
  local: { ...onAws, name: 'local', deliveryConcurrency: 2, allowLoopbackTargets: true },
  sandbox: { ...onAws, name: 'sandbox', brokers: { ...onAws.brokers, instanceType: 'kafka.t3.small' } },
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
  const settings = stages[name as StageName];
  const problems = stageProblems(settings);
  if (problems.length > 0) throw new Error(`Stage '${name}' cannot be built:\n  ${problems.join('\n  ')}`);
  return settings;
}

/** Each field of the settings that is out of its range, as `field: what is wrong`. */
export function stageProblems(settings: StageSettings): string[] {
  const problems: string[] = [];
  const check = (holds: boolean, field: string, rule: string) => {
    if (!holds) problems.push(`${field}: ${rule}`);
  };
  const whole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;

  for (const [name, source] of Object.entries(settings.sources)) {
    const at = `sources.${name}`;
    check(
      /^[a-z][a-z0-9-]{0,39}$/.test(name),
      at,
      'a source name has 1 to 40 lower-case letters, digits and dashes',
    );
    check(whole(source.number, 1, 1023), `${at}.number`, 'must be a whole number from 1 to 1023');
    check(/^[A-Za-z0-9._-]{1,249}$/.test(source.topic), `${at}.topic`, 'is not a Kafka topic name');
    // Partition numbers have 14 bits in an event id.
    check(whole(source.partitions, 1, 16_383), `${at}.partitions`, 'must be a whole number from 1 to 16383');
    check(whole(source.batchSize, 1, 1000), `${at}.batchSize`, 'must be a whole number from 1 to 1000');
    check(
      whole(source.batchWindowSeconds, 0, 300),
      `${at}.batchWindowSeconds`,
      'must be from 0 to 300 seconds',
    );
  }
  const numbers = Object.values(settings.sources).map((source) => source.number);
  check(new Set(numbers).size === numbers.length, 'sources', 'each source needs a number of its own');
  check(numbers.length > 0, 'sources', 'name at least one source');
  check(
    whole(settings.brokers.count, 3, 30) && settings.brokers.count % 3 === 0,
    'brokers.count',
    'must be a multiple of 3',
  );
  check(whole(settings.inlineBudgetMs, 0, 10_000), 'inlineBudgetMs', 'must be from 0 to 10000 ms');
  check(
    whole(settings.idempotencyWindowHours, 1, settings.retentionDays * 24),
    'idempotencyWindowHours',
    'must be from 1 hour to as long as events are kept',
  );
  check(whole(settings.retentionDays, 1, 365), 'retentionDays', 'must be from 1 to 365 days');
  check(whole(settings.deliveryConcurrency, 2, 1000), 'deliveryConcurrency', 'must be from 2 to 1000');
  check(
    settings.name === 'local' || !settings.allowLoopbackTargets,
    'allowLoopbackTargets',
    'only the local stage may set it',
  );
  return problems;
}
