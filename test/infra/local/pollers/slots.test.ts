import { expect, it } from 'vitest';
import { createSlots } from '../../../../infra/local/pollers/slots.ts';

const never = new AbortController().signal;

it('lets so many through and the others wait their turn', async () => {
  const slots = createSlots(2);
  const through: string[] = [];
  const enter = (name: string) => slots.take(never).then(() => through.push(name));
  await Promise.all([enter('a'), enter('b')]);
  const waiting = Promise.all([enter('c'), enter('d')]);

  slots.give();
  slots.give();
  await waiting;

  expect(through).toEqual(['a', 'b', 'c', 'd']);
});

it('keeps no slot for one who has left', async () => {
  const slots = createSlots(1);
  await slots.take(never);
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');

  slots.give();
  await slots.take(never);
  slots.give();
  await slots.allFree();
});
