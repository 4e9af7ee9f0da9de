import { setTimeout as wait } from 'node:timers/promises';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import type { AimBook, Aims } from './aims.ts';
import { startLoadProcess } from './load-process.ts';
import { processorSeconds } from './processor-time.ts';
import type { Flow, FlowResult, PublishOrder } from './publish-load.ts';

interface PublishScenario {
  readonly name: string;
  readonly flows: readonly Flow[];
  /** Of the first flow. */
  readonly aims?: Aims<FlowFigures>;
  /** Held against what the first flow was alone: within a quarter or 10 ms of it, whichever is more. */
  readonly isBeside?: true;
}

interface FlowFigures {
  readonly calls_a_second: number;
  /** Milliseconds from the call to its answer, and to the event in its topic. */
  readonly answer_p50_ms: number;
  readonly topic_p95_ms: number;
  readonly lost: number;
}

const single = { path: 'notifications', events: 1, keyed: false } as const;
const alone: Flow = { ...single, calls: 200, perSecond: 10 };
const prices = { path: 'prices', keyed: false } as const;

const warmUp: readonly PublishScenario[] = [
  { name: 'publish: warm-up', flows: [{ ...single, calls: 1_500 }] },
  { name: 'publish: warm-up of prices', flows: [{ ...prices, events: 1, calls: 500 }] },
];
/** DynamoDB Local's first thousand writes cost it five times what later ones do. */
const warmUpOfKeys: PublishScenario = {
  name: 'publish: warm-up of keys',
  flows: [{ ...single, calls: 6_000, keyed: true }],
};

const aloneScenario: PublishScenario = {
  name: 'publish: 10 notifications a second for 20 s, alone',
  flows: [alone],
};

const scenarios: readonly PublishScenario[] = [
  {
    name: 'publish: single calls over 50 connections',
    flows: [{ ...single, calls: 10_000 }],
    aims: { calls_a_second: { least: 2_000 } },
  },
  {
    name: 'publish: single calls over 50 connections, each with an Idempotency-Key',
    flows: [{ ...single, calls: 3_000, keyed: true }],
    aims: { calls_a_second: { least: 500 } },
  },
  {
    name: 'publish: 100 calls a second for 20 s',
    flows: [{ ...single, calls: 2_000, perSecond: 100 }],
    aims: { answer_p50_ms: { most: 10 } },
  },
  {
    name: 'publish: 100 calls a second for 20 s, each with an Idempotency-Key',
    flows: [{ ...single, calls: 2_000, perSecond: 100, keyed: true }],
  },
  aloneScenario,
  {
    name: 'publish: 10 notifications a second, beside 1,000 prices a second in bundles of 50',
    flows: [alone, { ...prices, events: 50, calls: 400, perSecond: 20 }],
    isBeside: true,
  },
  {
    name: 'publish: 10 notifications a second, beside 1,000 prices a second in calls of their own',
    flows: [alone, { ...prices, events: 1, calls: 20_000, perSecond: 1_000 }],
    isBeside: true,
  },
];

/**
 * Measures publishing to an org's streams on a running machine, with the load in a process of its own.
 * @param only a part of a scenario's name: others are left out
 */
export async function benchPublishing(
  fanout: Fanout,
  print: (line: string) => void,
  aims: AimBook,
  only: string,
): Promise<void> {
  const matching = scenarios.filter(({ name }) => name.includes(only));
  if (matching.length === 0) return;
  const isHeldAgainst = matching.some(({ isBeside }) => isBeside);
  const wanted = scenarios.filter(
    (one) => matching.includes(one) || (isHeldAgainst && one === aloneScenario),
  );
  let figuresAlone: FlowFigures | undefined;
  const org = 'bench-publish';
  const topics = await createStream(fanout, org);
  const load = startLoadProcess<PublishOrder>('publish-load.ts');
  try {
    const { url, operatorKey: key, engines } = fanout;
    await load.order({ kind: 'prepare', kafka: engines.kafka, url, key, topics });
    const isKeyed = wanted.some(({ flows }) => flows.some(({ keyed }) => keyed));
    for (const scenario of [...warmUp, ...(isKeyed ? [warmUpOfKeys] : []), ...wanted]) {
      const { name, flows } = scenario;
      const before = usage(fanout);
      const results = await load.order<FlowResult[]>({ kind: 'run', org, flows });
      const after = usage(fanout);
      print(`\n${name}`);
      flows.forEach((flow, at) => print(report(flow, results[at]!)));
      const figures = flows.map((flow, at) => figuresOf(flow, results[at]!));
      if (scenario === aloneScenario) figuresAlone = figures[0]!;
      for (const one of figures) aims.check(name, one, { lost: { most: 0 } });
      aims.check(name, figures[0]!, scenario.isBeside ? besideAims(figuresAlone!) : (scenario.aims ?? {}));
      const calls = flows.reduce((sum, flow) => sum + flow.calls, 0);
      const perThousand = (seconds: number) => ((seconds / calls) * 1000).toFixed(2);
      print(
        `  CPU per 1,000 calls   functions and machine ${perThousand(after.own - before.own)} s, ` +
          `engines ${perThousand(after.engines - before.engines)} s`,
      );
    }
  } finally {
    load.end();
  }
}

function figuresOf({ calls, events }: Flow, { seconds, answerMs, visibleMs }: FlowResult): FlowFigures {
  return {
    calls_a_second: calls / seconds,
    answer_p50_ms: percentile(answerMs, 0.5),
    topic_p95_ms: percentile(visibleMs, 0.95),
    lost: calls * events - visibleMs.length,
  };
}

function besideAims({ topic_p95_ms }: FlowFigures): Aims<FlowFigures> {
  return { topic_p95_ms: { most: Math.max(topic_p95_ms * 1.25, topic_p95_ms + 10) } };
}

function report({ path, calls, events }: Flow, result: FlowResult): string {
  const { seconds, refused, answerMs, visibleMs } = result;
  const lost = calls * events - visibleMs.length;
  return `  ${path.padEnd(22)}${Math.round(calls / seconds)} calls a second, of ${events} each
    call to answer      ${percentiles(answerMs)}
    call to topic       ${percentiles(visibleMs)}
    refused ${JSON.stringify(refused)}, lost ${lost}`;
}

function percentiles(sorted: readonly number[]): string {
  return [0.5, 0.95, 0.99]
    .map((share) => `p${share * 100} ${percentile(sorted, share).toFixed(1)} ms`)
    .join(', ');
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? NaN;
}

/** CPU seconds so far. */
function usage({ engines }: Fanout): { own: number; engines: number } {
  return {
    own: processorSeconds(process.pid),
    engines: engines.processes.reduce((sum, { pid }) => sum + processorSeconds(pid), 0),
  };
}

/** @returns the topics that are read */
async function createStream({ url, operatorKey }: Fanout, org: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { status: string; topics: Record<string, string> };
  };
  await call('POST', '/v1/orgs', { id: org, name: org });
  await call('PUT', `/v1/orgs/${org}/stream`);
  for (;;) {
    const { status, topics } = await call('GET', `/v1/orgs/${org}/stream`);
    if (status === 'ready') return [topics['notifications']!, topics['prices']!];
    await wait(100);
  }
}
