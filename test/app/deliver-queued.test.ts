import { expect, test } from 'vitest';
import { type DeliverDependencies, deliverQueued } from '../../lib/app/deliver-queued.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { delivery } from '../deliveries.ts';
import { endpoint } from '../endpoints.ts';

const nowMs = 1_800_000_000_000;
const heldMs = 14 * 86_400_000;

/** What becomes of a row when it is woken; undefined where nothing is written. */
async function afterWakeUp(row: Delivery, to: Partial<Endpoint>): Promise<Delivery | undefined> {
  let written: Delivery | undefined;
  const dependencies: DeliverDependencies = {
    lane: 'usual',
    endpoints: {
      ...unused,
      byId: async () => endpoint(to),
      mark: async () => {},
      disableGone: async () => {},
    },
    gate: {
      passage: () => ({ is: 'open' }),
      report: async () => {},
      lane: () => 'usual',
    },
    slots: { reserve: unused.page },
    sender: { attempt: async () => ({ atMs: nowMs, latencyMs: 1, statusCode: 200 }) },
    deliveries: {
      ...unused,
      read: async () => [row],
      update: async (next) => {
        written = next;
        return true;
      },
    },
    events: { read: unused.page },
    wakeUps: { send: async () => {} },
    heldMs,
    now: () => nowMs,
    random: () => 0,
  };
  const body = { eventType: 'a', data: '{}', headers: {} };
  const wakeUp = { ...row, attemptsMade: row.attempts.length, delayMs: 0, lane: 'usual' as const, body };
  const [result] = await deliverQueued(dependencies, [wakeUp]);
  expect(result!.status).toBe('fulfilled');
  return written;
}

const never = async () => {
  throw new Error('is not to be called');
};
const unused = { page: never, replace: never, create: never };

test.each(['paused', 'disabled'] as const)(
  'a delivery to a %s endpoint is held for its time',
  async (status) => {
    const held = await afterWakeUp(delivery({ nextAttemptAtMs: nowMs }), { status });
    expect(held).toEqual(delivery({ state: 'held', nextAttemptAtMs: nowMs + heldMs }));
  },
);

test('a delivery that was held for too long fails, and says so', async () => {
  const row = delivery({ state: 'held', nextAttemptAtMs: nowMs });
  const { nextAttemptAtMs, ...rest } = row;
  const failed = await afterWakeUp(row, { status: 'paused' });
  expect(failed).toEqual({ ...rest, state: 'failed', failure: 'held_too_long' });
});

test('a held delivery whose release was missed is attempted when its time comes', async () => {
  const row = delivery({ state: 'held', nextAttemptAtMs: nowMs });
  expect(await afterWakeUp(row, {})).toMatchObject({ state: 'delivered' });
});

test('a held delivery whose time has not come stays as it is', async () => {
  const row = delivery({ state: 'held', nextAttemptAtMs: nowMs + 60_000 });
  expect(await afterWakeUp(row, { status: 'paused' })).toBeUndefined();
});
