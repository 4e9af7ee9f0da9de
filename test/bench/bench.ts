import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Fanout, startFanout } from '../../infra/local/fanout-local.ts';
import type { Order, Result } from './load.ts';
import { processorSeconds } from './processor-time.ts';

/**
 * `npm run bench`: measures the running local machine, with the load in a process of its own. Give a part of a
 * scenario's name to run only what matches it.
 */
const scenarios = [
  { name: 'warm-up', endpoints: 1, records: 3_000 },
  { name: '20,000 records of 1 KB to one endpoint', endpoints: 1, records: 20_000 },
  { name: '10,000 records of 1 KB to an owner with 5 endpoints', endpoints: 5, records: 10_000 },
  {
    name: '10,000 records of 1 KB, each with an idempotency key',
    endpoints: 1,
    records: 10_000,
    keyed: true,
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
    });
    for (const scenario of scenarios.filter(
      ({ name }) => !only || name === 'warm-up' || name.includes(only),
    )) {
      const owner = await createOwner(fanout, receiver, scenario.endpoints);
      const before = usage(fanout);
      const { name, records, perSecond, endpoints, keyed = false } = scenario;
      const result = await order<Result>({
        kind: 'run',
        records,
        perSecond,
        deliveriesEach: endpoints,
        owner,
        keyed,
        bytes: 1024,
      });
      const after = usage(fanout);
      report(name, records, result, { own: after.own - before.own, engines: after.engines - before.engines });
    }
  } finally {
    load.kill();
    await fanout.stop();
  }
}

/** CPU seconds so far: functions and the machine that runs them, and the engines. */
function usage({ engines }: Fanout): { own: number; engines: number } {
  return {
    own: processorSeconds(process.pid),
    engines: engines.processes.reduce((sum, { pid }) => sum + processorSeconds(pid), 0),
  };
}

let owners = 0;

async function createOwner(
  { url, operatorKey }: Fanout,
  receiver: string,
  endpoints: number,
): Promise<string> {
  const owner = `bench-${owners++}`;
  const post = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  await post('/v1/orgs', { id: owner, name: owner });
  for (let number = 0; number < endpoints; number++) {
    await post(`/v1/orgs/${owner}/endpoints`, {
      type: 'webhook',
      config: { url: `${receiver}/${owner}-${number}` },
    });
  }
  return owner;
}

function report(name: string, records: number, result: Result, cpu: { own: number; engines: number }): void {
  const { seconds, delivered, lost, doubled, latenciesMs } = result;
  const percentile = (share: number) =>
    latenciesMs[Math.min(Math.floor(latenciesMs.length * share), latenciesMs.length - 1)]!;
  const perThousand = (cpuSeconds: number) => ((cpuSeconds / delivered) * 1000).toFixed(2);
  print(`\n${name}
  events a second       ${Math.round(records / seconds)}
  deliveries a second   ${Math.round(delivered / seconds)}
  record to webhook     p50 ${percentile(0.5).toFixed(1)} ms, p95 ${percentile(0.95).toFixed(1)} ms, p99 ${percentile(0.99).toFixed(1)} ms
  CPU per 1,000         functions and machine ${perThousand(cpu.own)} s, engines ${perThousand(cpu.engines)} s
  lost ${lost}, doubled ${doubled}`);
}

await main();
