import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createFolder, removeFolder, removeStaleFolders } from '../../../../infra/local/engines/folder.ts';

async function withOwner(change: (owner: Record<string, unknown>) => void): Promise<string> {
  const folder = await createFolder();
  const file = path.join(folder, 'owner.json');
  const owner = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  change(owner);
  await writeFile(file, JSON.stringify(owner));
  return folder;
}

const nobody = 2 ** 22 + 1; // above the largest process id of Linux

test('a folder whose owner is gone is removed at the next start', async () => {
  const folder = await withOwner((owner) => (owner['pid'] = nobody));
  await removeStaleFolders();
  expect(existsSync(folder)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'so is one whose owner’s number went to another process',
  async () => {
    const folder = await withOwner((owner) => (owner['started'] = '1'));
    await removeStaleFolders();
    expect(existsSync(folder)).toBe(false);
  },
);

test('a folder stays that has a living owner, is another machine’s, or says nothing', async () => {
  const living = await createFolder();
  const elsewhere = await withOwner((owner) => Object.assign(owner, { pid: nobody, host: 'elsewhere' }));
  const silent = await createFolder();
  await rm(path.join(silent, 'owner.json'));

  await removeStaleFolders();

  expect([living, elsewhere, silent].map((folder) => existsSync(folder))).toEqual([true, true, true]);
  await Promise.all([living, elsewhere, silent].map(removeFolder));
});
