import { expect, test } from 'vitest';
import { sendWakeUps } from '../../lib/app/send-wake-ups.ts';
import { wakeUpFor } from '../../lib/app/wake-up-for.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import { delivery } from '../deliveries.ts';

const nowMs = 1_900_000_000_000;
const usual = delivery();
const slow = [1, 2].map((n) => delivery({ endpointId: `ep_slow_${n}`, inSlowLane: true }));
const rows = [usual, ...slow];
const wakeUps = rows.map((row) => wakeUpFor(row, nowMs)!);

/** Sends the wake-ups of the rows. @returns how rows were written, each with how it had to stand */
async function replacedBy(send: () => Promise<void>, replace = async () => true) {
  const replaced: (readonly [Delivery, Delivery])[] = [];
  const sending = sendWakeUps(
    {
      wakeUps: { send },
      deliveries: {
        replace: (next, whenRead) => {
          replaced.push([next, whenRead]);
          return replace();
        },
      },
    },
    wakeUps,
    rows,
  );
  return { sending, replaced };
}

const queueIsDown = async () => {
  throw new Error('the queue is down');
};

test('rows whose wake-ups were sent stay as they are', async () => {
  const { sending, replaced } = await replacedBy(async () => {});
  await sending;
  expect(replaced).toEqual([]);
});

test('rows whose wake-ups were not sent do not count on the slow lane, if they stand as they did', async () => {
  const { sending, replaced } = await replacedBy(queueIsDown);
  await expect(sending).rejects.toThrow('the queue is down');
  expect(replaced).toEqual(
    slow.map((row) => {
      const { inSlowLane, ...rest } = row;
      return [rest, row];
    }),
  );
});

test('it is the queue’s failure that is told, also when the table is down', async () => {
  const { sending, replaced } = await replacedBy(queueIsDown, async () => {
    throw new Error('the table is down');
  });
  await expect(sending).rejects.toThrow('the queue is down');
  expect(replaced).toHaveLength(2);
});
