import type { Aims } from './aims.ts';

export interface Scenario {
  readonly name: string;
  readonly endpoints: number;
  readonly records: number;
  readonly perSecond?: number;
  readonly keyed?: boolean;
  /** Without it, records are spread over all of them by their keys. */
  readonly partitions?: number;
  /** What is set for the source meanwhile, as the API takes it. */
  readonly source?: object;
  /** Owners that get as many records together, whose endpoints take 5 s for an answer, or as long as it says. */
  readonly beside?: { readonly owners: number; readonly status: number; readonly afterMs?: number };
  /** To a topic on a cluster, rather than to webhooks. */
  readonly toKafka?: boolean;
  /** By publish calls of one event each, rather than by records; only at so many a second. */
  readonly byCall?: boolean;
  /** On two cores, with every engine beside it. */
  readonly aims?: Aims<Figures>;
}

/** What is measured of a scenario. */
export interface Figures {
  readonly events_a_second: number;
  /** Between the first arrival and the last. */
  readonly arrivals_a_second: number;
  readonly deliveries_a_second: number;
  /** Milliseconds from record to endpoint. */
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** CPU seconds of functions and machine for 1,000 deliveries, and of the engines. */
  readonly cpu_seconds: number;
  readonly engine_seconds: number;
  readonly lost: number;
  readonly doubled: number;
}

/** What a transform in the field does: it looks at the payload, and puts it together anew. */
const transform = `function transform(payload, context) {
  const { owner_id, event_type, data } = payload;
  if (!owner_id) return null;
  return { event_type, owner_id, data: { ...data, key: context.key }, custom_headers: { 'x-partition': String(context.partition) } };
}`;

export const warmUp: Scenario = { name: 'warm-up', endpoints: 1, records: 3_000 };

/** So that isolation is measured on a machine that has served for a while, and has had slow endpoints. */
export const isolationWarmUps: readonly Scenario[] = [
  { ...warmUp, records: 20_000 },
  {
    name: 'warm-up beside a slow endpoint',
    endpoints: 1,
    records: 1_000,
    perSecond: 50,
    beside: { owners: 1, status: 200, afterMs: 600 },
  },
];

export const scenarios: readonly Scenario[] = [
  {
    name: '20,000 records of 1 KB to one endpoint',
    endpoints: 1,
    records: 20_000,
    aims: { events_a_second: { least: 4_000 }, cpu_seconds: { most: 0.25 } },
  },
  {
    name: '10,000 records of 1 KB to an owner with 5 endpoints',
    endpoints: 5,
    records: 10_000,
    aims: { deliveries_a_second: { least: 10_000 }, cpu_seconds: { most: 0.25 } },
  },
  {
    name: '10,000 records of 1 KB, each with an idempotency key',
    endpoints: 1,
    records: 10_000,
    keyed: true,
    aims: { events_a_second: { least: 1_500 } },
  },
  {
    name: '10,000 records of 1 KB through a JavaScript transform',
    endpoints: 1,
    records: 10_000,
    source: { transform: { language: 'javascript', code: transform } },
    aims: { events_a_second: { least: 2_000 } },
  },
  {
    name: '1,100 records at a rate limit of 50 a second, on three partitions',
    endpoints: 1,
    records: 1_100,
    partitions: 3,
    source: { rate_limit: 50 },
    aims: { arrivals_a_second: { least: 45, most: 55 } },
  },
  {
    name: 'Kafka endpoint: 20,000 records of 1 KB',
    endpoints: 1,
    records: 20_000,
    toKafka: true,
    aims: { events_a_second: { least: 5_000 } },
  },
  {
    name: 'Kafka endpoint: 20 records a second for 30 s',
    endpoints: 1,
    records: 600,
    perSecond: 20,
    toKafka: true,
    aims: { p50_ms: { most: 15 } },
  },
  {
    name: 'Kafka endpoint: 20 events a second for 30 s, each by a publish call',
    endpoints: 1,
    records: 600,
    perSecond: 20,
    byCall: true,
    toKafka: true,
    aims: { p50_ms: { most: 15 } },
  },
  {
    name: '100 records a second for 20 s to one endpoint',
    endpoints: 1,
    records: 2_000,
    perSecond: 100,
    aims: { p50_ms: { most: 10 }, p95_ms: { most: 30 } },
  },
];

const isolated = { endpoints: 1, records: 1_500, perSecond: 50 };

/** What the others are held against. */
export const alone: Scenario = { ...isolated, name: 'isolation: alone' };

/** The slow ones get 50 events a second together, however many they are. */
export const besideSlow: readonly Scenario[] = [
  { name: 'isolation: 50 a second beside 50 a second to an endpoint that takes 5 s', owners: 1, status: 200 },
  {
    name: 'isolation: 50 a second beside 50 a second to an endpoint that fails after 5 s',
    owners: 1,
    status: 500,
  },
  {
    name: 'isolation: 50 a second beside 50 a second shared by 20 endpoints that take 5 s',
    owners: 20,
    status: 200,
  },
  {
    name: 'isolation: 50 a second beside 50 a second shared by 20 endpoints that fail after 5 s',
    owners: 20,
    status: 500,
  },
].map(({ name, ...beside }) => ({ ...isolated, name, beside }));

/** Within a tenth or 5 ms of what it is alone, whichever is more. */
export function isolationAims({ p95_ms }: Figures): Aims<Figures> {
  return { p95_ms: { most: Math.max(p95_ms * 1.1, p95_ms + 5) } };
}
