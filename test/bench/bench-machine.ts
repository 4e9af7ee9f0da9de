import { setTimeout as wait } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import { createLedTopic, kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import { type Fanout, startFanout } from '../../infra/local/fanout-local.ts';
import { type LoadProcess, startLoadProcess } from './load-process.ts';
import type { Order, Result } from './load.ts';
import { processorSeconds } from './processor-time.ts';
import { type Figures, type Scenario, warmUp } from './scenarios.ts';

/** A running machine, with the load in a process of its own. */
export interface BenchMachine {
  readonly fanout: Fanout;
  /** Runs a scenario, and measures it. */
  measure(scenario: Scenario): Promise<Figures>;
  /** Waits until nothing of what was measured is still to be delivered. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a machine that has done something already. */
export async function startBenchMachine(print: (line: string) => void): Promise<BenchMachine> {
  const fanout = await startFanout({ say: print });
  const load = startLoadProcess<Order>('load.ts');
  const stop = async () => {
    load.end();
    await fanout.stop();
  };
  try {
    const receiver = await load.order<string>({
      kind: 'prepare',
      kafka: fanout.engines.kafka,
      topic: fanout.ingestTopic,
      target: await createTarget(fanout),
      url: fanout.url,
      key: fanout.operatorKey,
    });
    await runOnce(fanout, receiver, load, warmUp);
    return {
      fanout,
      stop,
      settled: () => untilDelivered(fanout),
      measure: (scenario) => runOnce(fanout, receiver, load, scenario),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function runOnce(
  fanout: Fanout,
  receiver: string,
  load: LoadProcess<Order>,
  scenario: Scenario,
): Promise<Figures> {
  const {
    records,
    perSecond,
    endpoints,
    partitions,
    keyed = false,
    source = {},
    beside,
    toKafka,
    byCall = false,
  } = scenario;
  const owner = await createOwner(fanout, toKafka ? undefined : `${receiver}/fast`, endpoints);
  const others: string[] = [];
  for (let number = 0; number < (beside?.owners ?? 0); number++) {
    others.push(
      await createOwner(fanout, `${receiver}/slow-${beside!.status}-${beside!.afterMs ?? 5_000}`, 1),
    );
  }
  await setSource(fanout, source);
  const before = usage(fanout);
  const result = await load.order<Result>({
    kind: 'run',
    records,
    perSecond,
    byCall,
    deliveriesEach: endpoints,
    owner,
    keyed,
    partitions,
    beside: others,
    bytes: 1024,
  });
  const after = usage(fanout);
  const { seconds, delivered, lost, doubled, arrivalsASecond } = result;
  const perThousand = (cpuSeconds: number) => (cpuSeconds / delivered) * 1000;
  return {
    events_a_second: records / seconds,
    arrivals_a_second: arrivalsASecond,
    deliveries_a_second: delivered / seconds,
    p50_ms: percentile(result, 0.5),
    p95_ms: percentile(result, 0.95),
    p99_ms: percentile(result, 0.99),
    cpu_seconds: perThousand(after.own - before.own),
    engine_seconds: perThousand(after.engines - before.engines),
    lost,
    doubled,
  };
}

function percentile({ latenciesMs }: Result, share: number): number {
  return latenciesMs[Math.min(Math.floor(latenciesMs.length * share), latenciesMs.length - 1)]!;
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
  body?: unknown,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function untilDelivered(fanout: Fanout): Promise<void> {
  const isOpen = async () => {
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/v1/events?state=queued${cursor && `&cursor=${cursor}`}`;
      const page = (await call(fanout, 'GET', path)) as { data: unknown[]; next_cursor: string | null };
      if (page.data.length > 0) return true;
      cursor = page.next_cursor;
    }
    return false;
  };
  while (await isOpen()) await wait(500);
}

/** What the source of each machine was last set to. */
const sourcesBefore = new WeakMap<Fanout, string>();

/** Functions keep what they read of a source for two seconds. */
async function setSource(fanout: Fanout, source: object): Promise<void> {
  const text = JSON.stringify(source);
  if (text === (sourcesBefore.get(fanout) ?? '{}')) return;
  await call(fanout, 'PUT', '/v1/sources/ingest', { transform: null, rate_limit: null, ...source });
  sourcesBefore.set(fanout, text);
  await wait(3_000);
}

/** The topic that Kafka endpoints write to. */
async function createTarget({ engines }: Fanout): Promise<string> {
  const admin = new Kafka(kafkaClientOptions(engines.kafka)).admin();
  await admin.connect();
  await createLedTopic(admin, { topic: target, numPartitions: 3 });
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
