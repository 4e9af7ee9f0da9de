import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LocalFunction } from '../../../infra/local/local-function.ts';
import type { Stoppable } from '../../../infra/local/resource-kind.ts';
import { watchFunctions } from '../../../infra/local/watch.ts';

let root: string;
let said: string[];
let watching: Stoppable;
let code: string;

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** As editors do: a new file takes the place of the old one. */
function replace(path: string, content: string): void {
  write(`${path}.new`, content);
  renameSync(join(root, `${path}.new`), join(root, path));
}

function writeBundle(folder: string, name: string, content: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'index.mjs'), content);
  const map = { sources: ['../../lib/a.ts', `../../functions/${name}/handler.ts`] };
  writeFileSync(join(folder, name, 'index.mjs.map'), JSON.stringify(map));
}

function runningFunction(name: string) {
  writeBundle(join(root, 'asset'), name, 'code 1');
  const running = {
    name: `stack-${name}`,
    codeFolder: join(root, 'asset', name),
    variables: {},
    invoke: async () => undefined,
    replaceCode: vi.fn(async (folder: string) => void (running.codeFolder = folder)),
    kill: async () => {},
    stop: async () => {},
  } satisfies LocalFunction;
  return running;
}

/** A build that makes `code` the code of the function `ingest`, and leaves `api` as it is. */
async function bundle(outdir: string): Promise<void> {
  if (code === 'broken') throw new Error('handler.ts:1:1: ERROR: no');
  writeBundle(outdir, 'ingest', code);
  writeBundle(outdir, 'api', 'code 1');
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 400));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fanout-watch-'));
  said = [];
  for (const folder of ['functions/ingest', 'lib', 'infra'])
    mkdirSync(join(root, folder), { recursive: true });
  write('lib/a.ts', '1');
});

afterEach(async () => {
  await watching.stop();
  rmSync(root, { recursive: true });
});

it('gives the functions whose code differs their new code, once for changes that come together', async () => {
  const [ingest, api] = [runningFunction('ingest'), runningFunction('api')];
  watching = watchFunctions([ingest, api], (line) => void said.push(line), { root, bundle });
  code = 'code 2';
  write('functions/ingest/handler.ts', '2');
  write('lib/a.ts', '2');
  await settled();
  expect(ingest.replaceCode).toHaveBeenCalled();
  expect(api.replaceCode).not.toHaveBeenCalled();
  expect(said[0]).toMatch(/^New code for stack-ingest in \d+ ms$/);
});

it('keeps watching files that editors replace, and folders that are new', async () => {
  const ingest = runningFunction('ingest');
  watching = watchFunctions([ingest], (line) => void said.push(line), { root, bundle });
  for (const next of ['code 2', 'code 3']) {
    code = next;
    replace('lib/a.ts', next);
    await settled();
  }
  expect(ingest.replaceCode).toHaveBeenCalledTimes(2);
  code = 'code 4';
  write('lib/new/b.ts', '1');
  await settled();
  code = 'code 5';
  replace('lib/new/b.ts', '2');
  await settled();
  expect(ingest.replaceCode).toHaveBeenCalledTimes(4);
});

it('tells a build that fails and keeps the old code', async () => {
  const ingest = runningFunction('ingest');
  watching = watchFunctions([ingest], (line) => void said.push(line), { root, bundle });
  code = 'broken';
  write('lib/a.ts', '2');
  await settled();
  expect(ingest.replaceCode).not.toHaveBeenCalled();
  expect(said).toEqual(['Not built, the old code goes on: handler.ts:1:1: ERROR: no']);
});

it('asks for a new start when the infrastructure changes', async () => {
  watching = watchFunctions([], (line) => void said.push(line), { root, bundle });
  write('infra/app.ts', '2');
  await settled();
  expect(said).toEqual(['infra/app.ts has changed: start again to run it']);
});
