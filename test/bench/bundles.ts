import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import type { AimBook } from './aims.ts';
import { startFreshProcess } from '../fresh-process.ts';

const starts = 5;
const ingestAims = { megabytes: { most: 1 }, import_ms: { most: 150 } };

/**
 * Tells what a cold start of each function loads: the size of its module with all that it imports at once, and how long a
 * process of its own takes to load it, the median of five.
 * @param only a part of a scenario's name: others are left out
 */
export async function benchBundles(
  { machine }: Fanout,
  print: (line: string) => void,
  aims: AimBook,
  only: string,
): Promise<void> {
  const name = 'bundles: what a cold start loads';
  if (!name.includes(only)) return;
  print(`\n${name}`);
  for (const localFunction of machine.functions) {
    const times: number[] = [];
    for (let start = 0; start < starts; start++) {
      const fresh = await startFreshProcess(localFunction);
      await fresh.stop();
      times.push(fresh.importMs);
    }
    times.sort((one, other) => one - other);
    const [size, median] = [bytesOf(localFunction.codeFolder), times[Math.floor(starts / 2)]!];
    print(`  ${localFunction.name}: ${(size / 1e6).toFixed(2)} MB, ${median.toFixed(0)} ms`);
    if (/Ingest/.test(localFunction.name))
      aims.check(localFunction.name, { megabytes: size / 1e6, import_ms: median }, ingestAims);
  }
}

/** Of a bundle's module, and of what it imports without being asked for it. */
function bytesOf(folder: string): number {
  const seen = new Set(['index.mjs']);
  for (const file of seen) {
    const code = readFileSync(join(folder, file), 'utf8');
    for (const [, path] of code.matchAll(/(?:from|import)"(\.\/[^"]+)"/g)) seen.add(basename(path!));
  }
  return [...seen].reduce((bytes, file) => bytes + statSync(join(folder, file)).size, 0);
}
