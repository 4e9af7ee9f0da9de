import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';

test('a function’s bundle has what it uses of Kafka’s client, and loads no validator for what it does not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  onTestFinished(() => rm(folder, { recursive: true }));

  await bundle([{ in: 'lib/adapters/kafka-connections.ts', out: 'one/index' }], folder);

  const files = (await readdir(join(folder, 'one'))).filter((file) => file.endsWith('.mjs'));
  const code = (await Promise.all(files.map((file) => readFile(join(folder, 'one', file), 'utf8')))).join();
  expect(code.includes('json-schema.org')).toBe(false);
  expect(code.length).toBeLessThan(300_000);
  const loaded = (await import(pathToFileURL(join(folder, 'one', 'index.mjs')).href)) as object;
  expect(loaded).toMatchObject({ createOpener: expect.any(Function) as unknown });
});
