import { expect, test } from 'vitest';
import { togetherInTurn } from '../../lib/adapters/together-in-turn.ts';

test('what is given in one turn is handled together, and what comes later by itself', async () => {
  const handled: (readonly number[])[] = [];
  const give = togetherInTurn<number>(async (all) => void handled.push(all));
  await Promise.all([give([1]), give([]), Promise.resolve().then(() => give([2, 3]))]);
  await give([4]);
  expect(handled).toEqual([[1, 2, 3], [4]]);
});

test('what fails fails for all of its turn, and for no other', async () => {
  const give = togetherInTurn<number>(async (all) => {
    if (all.includes(0)) throw new Error('down');
  });
  const first = await Promise.allSettled([give([0]), give([1])]);
  expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await give([1]);
});

test('what is given while it is handled waits for the next turn', async () => {
  const handled: (readonly number[])[] = [];
  const gate = Promise.withResolvers<void>();
  const give = togetherInTurn<number>(async (all) => {
    handled.push(all);
    if (handled.length === 1) await gate.promise;
  });
  const first = give([1]);
  await expect.poll(() => handled).toEqual([[1]]);
  await give([2]);
  expect(handled).toEqual([[1], [2]]);
  gate.resolve();
  await first;
});
