import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createCachedReads } from '../../lib/adapters/cached-reads.ts';

/** Reads pages of some size, and tells which of them were read anew. */
function pages(size: number) {
  let nowMs = 1_000_000;
  const cached = createCachedReads(
    () => nowMs,
    (page) => (page as unknown[]).length,
  );
  const made: WeakRef<object>[] = [];
  return {
    made,
    pass: (ms: number) => (nowMs += ms),
    read: async (key: string): Promise<boolean> => {
      let isRead = false;
      await cached.read(key, async () => {
        isRead = true;
        const page = new Array<number>(size).fill(0);
        made.push(new WeakRef(page));
        return page;
      });
      return isRead;
    },
    forget: () => cached.forget(),
  };
}

test('answers are kept up to 20,000 things in all, those read least recently go first', async () => {
  const { read } = pages(100);
  for (let n = 0; n < 201; n++) await read(`org ${n}`);
  expect(await read('org 0')).toBe(true);
  expect(await read('org 1')).toBe(true);
  expect(await read('org 3')).toBe(false);
  expect(await read('org 200')).toBe(false);
});

test('an answer that was read again counts once, and nothing counts that was forgotten', async () => {
  const { read, pass, forget } = pages(100);
  for (let n = 0; n < 150; n++) await read(`org ${n}`);
  pass(2_000);
  for (let n = 0; n < 150; n++) expect(await read(`org ${n}`)).toBe(true);
  expect(await read('org 0')).toBe(false);
  forget();
  for (let n = 0; n < 200; n++) await read(`org ${n}`);
  expect(await read('org 0')).toBe(false);
});

test('what is too old to be used is dropped when something else is read', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const { read, pass, made } = pages(1);
  await read('old');
  pass(20_000);
  await read('young');
  pass(10_000);
  await read('new');
  // What was just made is held until the present turn is over.
  await setImmediate();
  collectGarbage();
  expect(made.map((page) => page.deref() !== undefined)).toEqual([false, true, true]);
});
