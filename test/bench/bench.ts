import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import { type Fanout, startFanout } from '../../infra/local/fanout-local.ts';
import { benchBundles } from './bundles.ts';
import type { Order, Result } from './load.ts';
import { processorSeconds } from './processor-time.ts';
import { benchPublishing } from './publish-bench.ts';

/**
 * `npm run bench`: measures the running local machine, with the load in a process of its own. Give a part of a
 * scenario's name to run only what matches it.
 */
interface Scenario {
  readonly name: string;
  readonly endpoints: number;
  readonly records: number;
  readonly perSecond?: number;
  readonly keyed?: boolean;
  /** Without it, records are spread over all of them by their keys. */
  readonly partitions?: number;
  /** What is set for the source meanwhile, as the API takes it. */
  readonly source?: object;
  /** Owners that get as many records together, whose endpoints take 5 s for an answer. */
  readonly beside?: { readonly owners: number; readonly status: number };
  /** To a topic on a cluster, rather than to webhooks. */
  readonly toKafka?: boolean;
  /** The median of so many runs, by p95. */
  readonly runs?: number;
}

/** What a transform in the field does: it looks at the payload, and puts it together anew. */
const transform = `function transform(payload, context) {
  const { owner_id, event_type, data } = payload;
  if (!owner_id) return null;
  return { event_type, owner_id, data: { ...data, key: context.key }, custom_headers: { 'x-partition': String(context.partition) } };
}`;

const scenarios: readonly Scenario[] = [
  { name: 'warm-up', endpoints: 1, records: 3_000 },
  { name: '20,000 records of 1 KB to one endpoint', endpoints: 1, records: 20_000 },
  { name: '10,000 records of 1 KB to an owner with 5 endpoints', endpoints: 5, records: 10_000 },
  {
    name: '10,000 records of 1 KB, each with an idempotency key',
    endpoints: 1,
    records: 10_000,
    keyed: true,
  },
  {
    name: '10,000 records of 1 KB through a JavaScript transform',
    endpoints: 1,
    records: 10_000,
    source: { transform: { language: 'javascript', code: transform } },
  },
  {
    name: '1,100 records at a rate limit of 50 a second, on three partitions',
    endpoints: 1,
    records: 1_100,
    partitions: 3,
    source: { rate_limit: 50 },
  },
  ...[
    { name: 'isolation: alone', beside: undefined },
    { name: 'isolation: beside an endpoint that takes 5 s', beside: { owners: 1, status: 200 } },
    { name: 'isolation: beside an endpoint that fails after 5 s', beside: { owners: 1, status: 500 } },
    { name: 'isolation: beside 20 endpoints that take 5 s', beside: { owners: 20, status: 200 } },
  ].map((scenario) => ({ ...scenario, endpoints: 1, records: 1_500, perSecond: 50, runs: 3 })),
  { name: 'Kafka endpoint: 20,000 records of 1 KB', endpoints: 1, records: 20_000, toKafka: true },
  {
    name: 'Kafka endpoint: 20 records a second for 30 s',
    endpoints: 1,
    records: 600,
    perSecond: 20,
    toKafka: true,
  },
  { name: '100 records a second for 20 s to one endpoint', endpoints: 1, records: 2_000, perSecond: 100 },
];

const print = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const only = process.argv[2];
  const fanout = await startFanout({ say: print });
  const load = fork(join(import.meta.dirname, 'load.ts'), { stdio: 'inherit' });
  const order = async <T>(what: Order): Promise<T> => {
    load.send(what);
    const [answer] = (await once(load, 'message')) as [{ result: T; error?: string }];
    if (answer.error) throw new Error(answer.error);
    return answer.result;
  };
  try {
    const receiver = await order<string>({
      kind: 'prepare',
      kafka: fanout.engines.kafka,
      topic: fanout.ingestTopic,
      target: await createTarget(fanout),
    });
    for (const scenario of scenarios.filter(
      ({ name }) => !only || name === 'warm-up' || name.includes(only),
    )) {
      const runs: Measured[] = [];
      for (let run = 0; run < (scenario.runs ?? 1); run++)
        runs.push(await measure(fanout, receiver, order, scenario));
      runs.sort((one, other) => percentile(one.result, 0.95) - percentile(other.result, 0.95));
      report(scenario, runs[Math.floor(runs.length / 2)]!);
    }
    await benchPublishing(fanout, print, only);
    await benchBundles(fanout, print, only);
  } finally {
    load.kill();
    await fanout.stop();
  }
}

interface Measured {
  readonly result: Result;
  /** CPU seconds. */
  readonly own: number;
  readonly engines: number;
}

async function measure(
  fanout: Fanout,
  receiver: string,
  order: <T>(what: Order) => Promise<T>,
  scenario: Scenario,
): Promise<Measured> {
  const { records, perSecond, endpoints, partitions, keyed = false, source = {}, beside, toKafka } = scenario;
  const owner = await createOwner(fanout, toKafka ? undefined : `${receiver}/fast`, endpoints);
  const others: string[] = [];
  for (let number = 0; number < (beside?.owners ?? 0); number++) {
    others.push(await createOwner(fanout, `${receiver}/slow-${beside!.status}`, 1));
  }
  await setSource(fanout, source);
  const before = usage(fanout);
  const result = await order<Result>({
    kind: 'run',
    records,
    perSecond,
    deliveriesEach: endpoints,
    owner,
    keyed,
    partitions,
    beside: others,
    bytes: 1024,
  });
  const after = usage(fanout);
  return { result, own: after.own - before.own, engines: after.engines - before.engines };
}

/** CPU seconds so far: functions and the machine that runs them, and the engines. */
function usage({ engines }: Fanout): { own: number; engines: number } {
  return {
    own: processorSeconds(process.pid),
    engines: engines.processes.reduce((sum, { pid }) => sum + processorSeconds(pid), 0),
  };
}

let owners = 0;
const target = 'bench-target';

async function call(
  { url, operatorKey }: Fanout,
  method: string,
  path: string,
  body: unknown,
): Promise<void> {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

let sourceBefore = '{}';

/** Functions keep what they read of a source for two seconds. */
async function setSource(fanout: Fanout, source: object): Promise<void> {
  if (JSON.stringify(source) === sourceBefore) return;
  await call(fanout, 'PUT', '/v1/sources/ingest', { transform: null, rate_limit: null, ...source });
  sourceBefore = JSON.stringify(source);
  await wait(3_000);
}

/** The topic that Kafka endpoints write to. */
async function createTarget({ engines }: Fanout): Promise<string> {
  const admin = new Kafka(kafkaClientOptions(engines.kafka)).admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: target, numPartitions: 3 }] });
  await admin.disconnect();
  return target;
}

/** @param receiver where its webhooks go; without it, it has a Kafka endpoint */
async function createOwner(fanout: Fanout, receiver: string | undefined, endpoints: number): Promise<string> {
  const owner = `bench-${owners++}`;
  const post = (path: string, body: unknown) => call(fanout, 'POST', path, body);
  await post('/v1/orgs', { id: owner, name: owner });
  for (let number = 0; number < endpoints; number++) {
    const webhook = { type: 'webhook', config: { url: `${receiver}/${owner}-${number}` } };
    await post(`/v1/orgs/${owner}/endpoints`, receiver ? webhook : kafkaEndpoint(fanout));
  }
  return owner;
}

function kafkaEndpoint({ engines: { kafka } }: Fanout) {
  const { bootstrapServers: brokers, username, password } = kafka;
  return {
    type: 'kafka',
    config: { brokers, topic: target, sasl_mechanism: 'scram-sha-512', tls: false },
    credentials: { username, password },
  };
}

function percentile({ latenciesMs }: Result, share: number): number {
  return latenciesMs[Math.min(Math.floor(latenciesMs.length * share), latenciesMs.length - 1)]!;
}

function report({ name, records }: Scenario, { result, own, engines }: Measured): void {
  const { seconds, delivered, lost, doubled } = result;
  const ms = (share: number) => `${percentile(result, share).toFixed(1)} ms`;
  const perThousand = (cpuSeconds: number) => ((cpuSeconds / delivered) * 1000).toFixed(2);
  print(`\n${name}
  events a second       ${Math.round(records / seconds)}, between the first and the last ${result.arrivalsASecond.toFixed(1)}
  deliveries a second   ${Math.round(delivered / seconds)}
  record to endpoint    p50 ${ms(0.5)}, p95 ${ms(0.95)}, p99 ${ms(0.99)}
  CPU per 1,000         functions and machine ${perThousand(own)} s, engines ${perThousand(engines)} s
  lost ${lost}, doubled ${doubled}`);
}

await main();
