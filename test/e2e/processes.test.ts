import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
const minute = 60_000;
const started: Started[] = [];

interface Started {
  readonly folder: string;
  readonly temporary: string;
  readonly npm: ChildProcess;
  readonly output: () => string;
}

afterEach(() => {
  for (const { folder, npm } of started.splice(0)) {
    for (const pid of descendants(npm.pid!)) process.kill(pid, 'SIGKILL');
    npm.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** `npm start` in a copy of the repository, as a user's shell starts it: leading a process group of its own. */
function npmStart(temporaryFolder?: string): Started {
  const folder = mkdtempSync(join(tmpdir(), 'copy-of-fanout-'));
  for (const name of ['infra', 'functions', 'lib', 'package.json', 'tsconfig.json']) {
    cpSync(join(repository, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  const temporary = temporaryFolder ?? mkdtempSync(join(folder, 'tmp-'));
  const env = { ...process.env, TMPDIR: temporary };
  const npm = spawn('npm', ['start'], { cwd: folder, env, detached: true });
  let output = '';
  npm.stdout.on('data', (text: Buffer) => (output += text.toString()));
  npm.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const instance = { folder, temporary, npm, output: () => output };
  started.push(instance);
  return instance;
}

async function untilServing({ output }: Started): Promise<void> {
  await expect.poll(output, { timeout: 2 * minute, interval: 200 }).toContain('Serving until Ctrl-C');
}

/** Every process below this one; engines keep their parent although they lead sessions of their own. */
function descendants(pid: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    pairs.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function isRunning(pid: number): boolean {
  const state = execFileSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' });
  return state.split('\n').some((line) => new RegExp(`^\\s*${pid} [^Z]`).test(line));
}

/** Folders of ours; npm keeps its compile cache beside them. */
function foldersIn(temporary: string): string[] {
  return readdirSync(temporary).filter((name) => name !== 'node-compile-cache');
}

function readEnvironment({ folder }: Started): Record<string, string> {
  const lines = readFileSync(join(folder, '.local/fanout.env'), 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => /^(?:export )?(\w+)='?(.*?)'?$/.exec(line)!.slice(1, 3) as [string, string]),
  );
}

test(
  'two run side by side, each shows its event delivered; no end of them leaves anything behind',
  async () => {
    const both = [npmStart(), npmStart()] as const;
    await Promise.all(both.map(untilServing));
    const urls = both.map((one) => readEnvironment(one)['FANOUT_URL']!);
    expect(new Set(urls).size).toBe(2);
    for (const url of urls) expect((await fetch(`${url}/healthz`)).status).toBe(200);
    for (const { output } of both) expect(output()).toMatch(/trace .*: delivered/);

    const [asked, killed] = both;
    const processes = both.map(({ npm }) => descendants(npm.pid!));
    for (const those of processes) expect(those.length).toBeGreaterThanOrEqual(4);
    // A supervisor sends SIGTERM to the one process it knows.
    asked.npm.kill('SIGTERM');
    await expectNothingLeft(asked, processes[0]!);

    const parents = processes[1]!.filter((pid) => descendants(pid).length > 0);
    for (const pid of parents) process.kill(pid, 'SIGKILL');
    await expect.poll(() => processes[1]!.filter(isRunning), { timeout: 10_000 }).toEqual([]);
    expect(foldersIn(killed.temporary)).not.toEqual([]);

    // The next start removes what the killed one has left. A terminal sends Ctrl-C to the whole foreground group.
    const next = npmStart(killed.temporary);
    await untilServing(next);
    const started = descendants(next.npm.pid!);
    process.kill(-next.npm.pid!, 'SIGINT');
    expect(await expectNothingLeft(next, started)).toBe(0);
  },
  6 * minute,
);

/** @returns the code that `npm start` has ended with */
async function expectNothingLeft(one: Started, processes: readonly number[]): Promise<number> {
  if (one.npm.exitCode === null && one.npm.signalCode === null) await once(one.npm, 'exit');
  await expect.poll(() => processes.filter(isRunning)).toEqual([]);
  expect(one.output()).toContain('Stopped.');
  expect(foldersIn(one.temporary)).toEqual([]);
  expect(existsSync(join(one.folder, '.local/fanout.env'))).toBe(false);
  return one.npm.exitCode!;
}

test('on a machine without engines the start ends with one line', () => {
  const empty = mkdtempSync(join(tmpdir(), 'no-programs-'));
  const start = spawnSync(process.execPath, [join(repository, 'infra/local/start.ts')], {
    env: { PATH: empty, DOCKER_HOST: `unix://${empty}/none.sock` },
    encoding: 'utf8',
    timeout: minute,
  });
  rmSync(empty, { recursive: true });
  expect(start.status).toBe(1);
  expect(start.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^Fanout's local engines need either/),
  ]);
});
