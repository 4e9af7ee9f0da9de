import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const start = resolve(import.meta.dirname, '../../../infra/local/start.ts');

async function run(argument: string[], variables: Record<string, string>) {
  const child = spawn(process.execPath, [start, ...argument], { env: { ...process.env, ...variables } });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output, errors };
}

it.each<[string, string[], Record<string, string>, RegExp]>([
  ['PORT', [], { PORT: 'eighty' }, /^PORT is "eighty", but must be a whole number from 0 to 65535\.\n$/],
  [
    'a broker address',
    [],
    { KAFKA_BROKERS: 'nonsense' },
    /^KAFKA_BROKERS: "nonsense" is not host:port .*\n$/,
  ],
  ['secrets', [], { FANOUT_SECRETS: 's3cret' }, /^FANOUT_SECRETS must be a JSON object (?!.*s3cret).*\n$/],
  ['an unknown argument', ['--whatch'], {}, /^Unknown option '--whatch'.*\n$/],
])(
  'a start with a wrong value ends with code 1 and one line: %s',
  async (_, argument, variables, line) => {
    const { code, errors } = await run(argument, variables);
    expect(errors).toMatch(line);
    expect(code).toBe(1);
  },
  30_000,
);

it('--help says what there is, and starts nothing', async () => {
  const { code, output } = await run(['--help'], {});
  expect(output).toContain('--watch');
  expect(code).toBe(0);
});
