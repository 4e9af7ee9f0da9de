import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const program = path.join(import.meta.dirname, 'child.ts');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fanout-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts the engines in a program that sees no Docker engine, and of the machine's programs only those in `folder`. */
async function startWith(environment: NodeJS.ProcessEnv): Promise<{ name: string; message: string }> {
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { PATH: folder, DOCKER_HOST: `unix://${folder}/none.sock`, ...environment },
  });
  return JSON.parse(stdout) as { name: string; message: string };
}

test('without Docker and Java, one line says what is missing and what would do', async () => {
  expect(await startWith({})).toEqual({
    name: 'MissingEngines',
    message:
      "Fanout's local engines need either a running Docker engine or Java 17 with Maven on the PATH " +
      '(found: no java, no mvn, no Docker engine); ' +
      'or give all three by KAFKA_BROKERS, AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SQS.',
  });
});

test('only those that are not given are asked for', async () => {
  const given = { KAFKA_BROKERS: 'one:9092', AWS_ENDPOINT_URL_SQS: 'http://one:9324' };
  const { message } = await startWith(given);
  expect(message).toMatch(/or give AWS_ENDPOINT_URL_DYNAMODB\.$/);
});

test('a Java that is too old is named', async () => {
  const java = path.join(folder, 'java');
  await writeFile(java, '#!/bin/sh\necho \'openjdk version "1.8.0_402"\' >&2\n', { mode: 0o755 });
  await symlink('/bin/sh', path.join(folder, 'mvn'));
  const { name, message } = await startWith({});
  expect(name).toBe('MissingEngines');
  expect(message).toContain('(found: java 8, mvn, no Docker engine)');
});

test('all three given need nothing on the machine', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', `import(${JSON.stringify(program)}).then(() => process.exit())`],
    {
      env: {
        PATH: folder,
        KAFKA_BROKERS: 'one:9092',
        AWS_ENDPOINT_URL_DYNAMODB: 'http://one:8000',
        AWS_ENDPOINT_URL_SQS: 'http://one:9324',
      },
    },
  );
  expect(JSON.parse(stdout)).toEqual({ pids: [] });
});
