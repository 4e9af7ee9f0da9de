import { describe, expect, test } from 'vitest';
import { reserveSlots, untilItsTurn } from '../../lib/app/endpoint-slots.ts';
import { delivery } from '../deliveries.ts';
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

describe('of many deliveries that missed their times and come at once', () => {
  const nowMs = 1_800_000_000_000;
  const slot = { atMs: nowMs - 10_000, rateLimit: 2 };
  /** Lines as stores keep them, of which the endpoint's own is taken until then. */
  const linesTakenUntil = (takenMs: number) => {
    const lines = new Map([['endpoint#acme#ep_1#2', takenMs]]);
    return {
      reserve: async (name: string, durationMs: number, latestMs: number) => {
        const atMs = Math.max(lines.get(name) ?? 0, nowMs);
        if (atMs > latestMs) return undefined;
        lines.set(name, atMs + durationMs);
        return atMs;
      },
    };
  };
  /** How long each has to wait, milliseconds. */
  const waits = async (count: number, takenMs: number) => {
    const turn = { slots: linesTakenUntil(takenMs), now: () => nowMs, random: () => 0 };
    const to = endpoint({ id: 'ep_1', orgId: 'acme', rateLimit: 2 });
    const all: number[] = [];
    for (let at = 0; at < count; at++) {
      const put = await untilItsTurn(turn, to, delivery({ slot, nextAttemptAtMs: nowMs }));
      all.push((put?.nextAttemptAtMs ?? nowMs) - nowMs);
    }
    return all;
  };

  test('as many begin as the limit says, behind what is reserved already', async () => {
    expect(await waits(7, 0)).toEqual([0, 0, 0, 1_500, 2_000, 2_500, 3_000]);
    expect(await waits(2, nowMs + 60_000)).toEqual([60_000, 60_500]);
  });

  test('none waits for the hours that are reserved for what came after it', async () => {
    expect(await waits(4, nowMs + 3_600_000)).toEqual([0, 0, 0, 1_500]);
  });

  test('what no second time is left for looks again later, and has its first until then', async () => {
    const put = await untilItsTurn(
      { slots: { reserve: async () => undefined }, now: () => nowMs, random: () => 0 },
      endpoint({ id: 'ep_1', orgId: 'acme', rateLimit: 2 }),
      delivery({ slot, nextAttemptAtMs: nowMs }),
    );
    expect(put).toMatchObject({ state: 'queued', nextAttemptAtMs: nowMs + 300_000, slot });
  });
});
