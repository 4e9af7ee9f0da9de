import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const root = new URL('../../../', import.meta.url);
const tools = new URL('.build/kafka-python/', root).pathname;
const requirements = new URL('.ci/consumer-requirements.txt', root).pathname;
/** From then on it gets along with Kafka 4's SCRAM. */
const leastLibrdkafka = [2, 6, 1] as const;

/**
 * A Python that has kafka-python, installed when it is not there.
 * @returns its path; undefined without python3, its venv, or PyPI
 */
export function pythonWithKafka(): string | undefined {
  const python = `${tools}bin/python`;
  const [wanted = ''] = readFileSync(requirements, 'utf8').trim().split('\n');
  const version = wanted.split('==')[1]!;
  const isThere = () =>
    existsSync(python) &&
    spawnSync(python, ['-c', 'import kafka; print(kafka.__version__)']).stdout.toString().trim() === version;
  if (isThere()) return python;
  if (spawnSync('python3', ['-m', 'venv', '--clear', tools]).status !== 0) return undefined;
  const install = ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  spawnSync(`${tools}bin/pip`, install);
  return isThere() ? python : undefined;
}

/** Why kcat cannot be run against a Kafka 4 here; undefined when it can. */
export function whyNoKcat(): string | undefined {
  const { stdout, error } = spawnSync('kcat', ['-V']);
  if (error) return 'there is no kcat';
  const [, ...parts] = /librdkafka (\d+)\.(\d+)\.(\d+)/.exec(stdout.toString()) ?? [];
  const version = parts.map(Number);
  const at = leastLibrdkafka.findIndex((least, part) => version[part] !== least);
  const isEnough = parts.length === 3 && (at < 0 || version[at]! > leastLibrdkafka[at]!);
  return isEnough
    ? undefined
    : `kcat has librdkafka ${parts.join('.')}, and needs ${leastLibrdkafka.join('.')} for Kafka 4`;
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
