import { expect, test } from 'vitest';
import { reserveSlots } from '../../lib/app/endpoint-slots.ts';
import { endpoint } from '../endpoints.ts';

const reserved = async (...endpoints: Parameters<typeof endpoint>[0][]) => {
  const names: string[] = [];
  const slots = {
    reserve: async (name: string, durationMs: number) => {
      names.push(`${name} ${durationMs}`);
      return 1000;
    },
  };
  const receivers = endpoints.map((parts) => endpoint({ id: 'ep_1', orgId: 'acme', ...parts }));
  const next = await reserveSlots(slots, receivers);
  return { names, times: receivers.map(next) };
};

test('deliveries of an endpoint get times of their own, as its limit says', async () => {
  const { names, times } = await reserved({ rateLimit: 2 }, { rateLimit: 2 }, { id: 'ep_2' });
  expect(names).toEqual(['endpoint#acme#ep_1#2 1000']);
  expect(times).toEqual([{ atMs: 1000, rateLimit: 2 }, { atMs: 1500, rateLimit: 2 }, undefined]);
});

test('a paused endpoint uses up no times, and a changed limit begins anew', async () => {
  expect(await reserved({ rateLimit: 2, status: 'paused' })).toEqual({ names: [], times: [undefined] });
  expect((await reserved({ rateLimit: 50 })).names).toEqual(['endpoint#acme#ep_1#50 20']);
});
