import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/**
 * Runs the import rules of `.dependency-cruiser.cjs`, and fails when the checker saw fewer files than there are: a
 * checker that reads nothing finds nothing.
 */
const folders = ['infra', 'functions', 'lib'];
const run = spawnSync(
  process.execPath,
  ['node_modules/.bin/depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders],
  { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);
if (!run.stdout.startsWith('{')) throw new Error(`dependency-cruiser did not run: ${run.stderr}`);

const { modules, summary } = JSON.parse(run.stdout) as {
  modules: { source: string }[];
  summary: { violations: { rule: { name: string }; from: string; to: string }[] };
};
const seen = new Set(modules.map(({ source }) => source));
const files = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`));
const unseen = files.filter((file) => !seen.has(file));

for (const file of unseen) console.error(`not seen by the import checker: ${file}`);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
if (files.length === 0 || unseen.length > 0 || summary.violations.length > 0) process.exit(1);
console.log(`imports: ${files.length} files follow the rules`);
