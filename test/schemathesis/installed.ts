import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const version = '4.32.5';
/** Left out of the repository. */
export const workFolder = resolve(import.meta.dirname, '../../.local');
const folder = join(workFolder, 'schemathesis');

/**
 * The command that runs schemathesis, of one version, by what this machine has: uv, pipx, or Python with its venv.
 * @throws Error that says what is missing
 */
export function schemathesisCommand(): string[] {
  const requirement = `schemathesis==${version}`;
  if (works('uvx')) return ['uvx', '--from', requirement, 'schemathesis'];
  if (works('pipx')) return ['pipx', 'run', requirement];
  const command = join(folder, 'bin', 'schemathesis');
  if (existsSync(command) && works(command, version)) return [command];
  const hasPython =
    succeeds('python3', '-m', 'venv', '--clear', folder) &&
    succeeds(join(folder, 'bin', 'pip'), 'install', '--quiet', requirement);
  if (hasPython) return [command];
  throw new Error(
    'schemathesis needs uv, pipx, or Python 3.10 with venv and PyPI, and this machine has none of them',
  );
}

function works(command: string, expected = ''): boolean {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.includes(expected);
}

function succeeds(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: ['ignore', 'ignore', 'ignore'] }).status === 0;
}
