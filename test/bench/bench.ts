import { createAimBook } from './aims.ts';
import { startBenchMachine } from './bench-machine.ts';
import { benchBundles } from './bundles.ts';
import { benchPublishing } from './publish-bench.ts';
import {
  type Figures,
  type Scenario,
  alone,
  besideSlow,
  isolationAims,
  isolationWarmUps,
  scenarios,
} from './scenarios.ts';

/**
 * `npm run bench`: measures the running local machine, with the load in a process of its own, and fails when an aim is
 * missed. Give a part of a scenario's name to run only what matches it.
 */
const only = process.argv[2] ?? '';
const isWanted = ({ name }: Scenario) => name.includes(only);
const print = (line: string) => void process.stdout.write(`${line}\n`);
const aims = createAimBook(print);

/** How often each isolation scenario is run; the run in the middle counts. */
const isolationRuns = 3;

/** Everything but isolation, on one machine. */
async function benchTogether(): Promise<void> {
  const machine = await startBenchMachine(print);
  try {
    for (const scenario of scenarios.filter(isWanted)) {
      const figures = await machine.measure(scenario);
      report(scenario, figures);
      aims.check(scenario.name, figures, { ...nothingLost, ...scenario.aims });
    }
    await benchPublishing(machine.fanout, print, aims, only);
    await benchBundles(machine.fanout, print, aims, only);
  } finally {
    await machine.stop();
  }
}

/** Each run on a machine of its own: what one leaves behind is tried again for days. */
async function benchIsolation(): Promise<void> {
  const wanted = besideSlow.filter(isWanted);
  if (wanted.length === 0 && !isWanted(alone)) return;
  const figuresAlone = await measureApart(alone);
  aims.check(alone.name, figuresAlone, nothingLost);
  for (const scenario of wanted) {
    const figures = await measureApart(scenario);
    aims.check(scenario.name, figures, { ...nothingLost, ...isolationAims(figuresAlone) });
  }
}

async function measureApart(scenario: Scenario): Promise<Figures> {
  const runs: Figures[] = [];
  for (let run = 0; run < isolationRuns; run++) {
    const machine = await startBenchMachine(() => {});
    try {
      for (const warmUp of isolationWarmUps) await machine.measure(warmUp);
      await machine.settled();
      runs.push(await machine.measure(scenario));
    } finally {
      await machine.stop();
    }
  }
  const figures = middleOf(runs);
  report(scenario, figures);
  print(`  p95 of each run       ${runs.map(({ p95_ms }) => p95_ms.toFixed(1)).join(', ')} ms`);
  return figures;
}

/** The run in the middle by its p95, with what was lost and doubled in any of them. */
function middleOf(runs: readonly Figures[]): Figures {
  const sorted = runs.toSorted((one, other) => one.p95_ms - other.p95_ms);
  const sum = (name: 'lost' | 'doubled') => runs.reduce((total, figures) => total + figures[name], 0);
  return { ...sorted[Math.floor(runs.length / 2)]!, lost: sum('lost'), doubled: sum('doubled') };
}

const nothingLost = { lost: { most: 0 } };

function report({ name }: Scenario, figures: Figures): void {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const { p50_ms, p95_ms, p99_ms, lost, doubled } = figures;
  print(`\n${name}
  events a second       ${Math.round(figures.events_a_second)}, between the first and the last ${figures.arrivals_a_second.toFixed(1)}
  deliveries a second   ${Math.round(figures.deliveries_a_second)}
  record to endpoint    p50 ${ms(p50_ms)}, p95 ${ms(p95_ms)}, p99 ${ms(p99_ms)}
  CPU per 1,000         functions and machine ${figures.cpu_seconds.toFixed(2)} s, engines ${figures.engine_seconds.toFixed(2)} s
  lost ${lost}, doubled ${doubled}`);
}

if (!only.startsWith('isolation')) await benchTogether();
await benchIsolation();
if (aims.missed > 0) {
  print(`\n${aims.missed} aims were missed.`);
  process.exitCode = 1;
}
