import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const root = new URL('../../../', import.meta.url);
const tools = new URL('.build/kafka-python/', root).pathname;
const requirements = new URL('.ci/consumer-requirements.txt', root).pathname;
const likeKcat = new URL('librdkafka-consumer.py', import.meta.url).pathname;
/** From then on it gets along with Kafka 4's SCRAM. */
const leastLibrdkafka = [2, 6, 1] as const;

/** Ends well where all of these packages are there, each in its version. */
const areThere =
  'import sys, importlib.metadata as m; assert all(m.version(n) == v for n, v in (a.split("==") for a in sys.argv[1:]))';

/**
 * A Python that has kafka-python and confluent-kafka with its librdkafka, installed when they are not there.
 * @returns its path; undefined without python3, its venv, or PyPI
 */
export function pythonWithKafka(): string | undefined {
  const python = `${tools}bin/python`;
  const wanted = readFileSync(requirements, 'utf8').trim().split('\n');
  const isThere = () => existsSync(python) && spawnSync(python, ['-c', areThere, ...wanted]).status === 0;
  if (isThere()) return python;
  if (spawnSync('python3', ['-m', 'venv', '--clear', tools]).status !== 0) return undefined;
  const install = ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  spawnSync(`${tools}bin/pip`, install);
  return isThere() ? python : undefined;
}

/**
 * A program that takes kcat's arguments, and is kcat where that gets along with Kafka 4.
 * @returns it as a shell calls it; undefined where there is neither
 */
export function kcatOrLike(): string | undefined {
  if (hasKcat()) return 'kcat';
  const python = pythonWithKafka();
  return python && `'${python}' -u '${likeKcat}'`;
}

function hasKcat(): boolean {
  const { stdout, error } = spawnSync('kcat', ['-V']);
  if (error) return false;
  const [, ...parts] = /librdkafka (\d+)\.(\d+)\.(\d+)/.exec(stdout.toString()) ?? [];
  const version = parts.map(Number);
  const at = leastLibrdkafka.findIndex((least, part) => version[part] !== least);
  return parts.length === 3 && (at < 0 || version[at]! > leastLibrdkafka[at]!);
}

/** Runs a program until the end of the test. */
export function runProgram(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const from of [child.stdout, child.stderr])
    createInterface(from).on('line', (line) => void lines.push(line));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { lines, stop: () => child.kill('SIGTERM') };
}
