import { describe, expect, test } from 'vitest';
import { type DeliverDependencies, type WakeUpOutcome, deliverQueued } from '../../lib/app/deliver-queued.ts';
import type { Passage } from '../../lib/app/endpoint-gate.ts';
import type { Lane, WakeUp } from '../../lib/app/ports/wake-ups.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { WebhookEndpoint } from '../../lib/core/endpoint.ts';
import { delivery } from '../deliveries.ts';
import { endpoint } from '../endpoints.ts';

const nowMs = 1_800_000_000_000;
const heldMs = 14 * 86_400_000;

interface Circumstances {
  readonly isFast?: boolean;
  readonly places?: DeliverDependencies['places'];
  readonly attempt?: DeliverDependencies['sender']['attempt'];
  readonly outcome?: WakeUpOutcome;
  readonly passage?: Passage;
  readonly slots?: DeliverDependencies['slots'];
  /** Where the endpoint's attempts belong. */
  readonly lane?: Lane | (() => Lane);
  /** Gets the wake-ups that are sent. */
  readonly sent?: WakeUp[];
}

const delivers = async () => ({ atMs: nowMs, latencyMs: 1, statusCode: 200 });

/** What becomes of a row when it is woken; undefined where nothing is written. */
async function afterWakeUp(
  row: Delivery,
  to: Partial<WebhookEndpoint>,
  circumstances: Circumstances = {},
): Promise<Delivery | undefined> {
  return (await afterWakeUps([row], to, circumstances))[0];
}

/** What is written of rows that are woken in one invocation, in the order of the writes. */
async function afterWakeUps(
  rows: readonly Delivery[],
  to: Partial<WebhookEndpoint>,
  {
    isFast = true,
    places = unused,
    attempt = delivers,
    outcome = 'done',
    passage = { is: 'open' },
    slots = { reserve: unused.page },
    lane = 'usual',
    sent = [],
  }: Circumstances,
): Promise<Delivery[]> {
  const written: Delivery[] = [];
  const dependencies: DeliverDependencies = {
    lane: 'usual',
    endpoints: {
      ...unused,
      byId: async (id) => endpoint({ id, ...to }),
      mark: async () => {},
      disableGone: async () => {},
    },
    gate: {
      passage: () => passage,
      report: async () => {},
      lane: () => (typeof lane === 'string' ? lane : lane()),
      isFast: () => isFast,
    },
    watch: { record: () => {} },
    slots,
    places,
    sender: { attempt },
    deliveries: {
      ...unused,
      read: async () => [...rows],
      update: async (next) => {
        written.push(next);
        return true;
      },
    },
    events: { read: unused.page },
    wakeUps: { send: async (all) => void sent.push(...all) },
    heldMs,
    now: () => nowMs,
    random: () => 0,
  };
  const body = { eventType: 'a', data: '{}', headers: {} };
  const wakeUps = rows.map((row) => {
    return { ...row, attemptsMade: row.attempts.length, delayMs: 0, lane: 'usual' as const, body };
  });
  const results = await deliverQueued(dependencies, wakeUps);
  expect(results).toEqual(rows.map(() => ({ status: 'fulfilled', value: outcome })));
  return written;
}

const never = async () => {
  throw new Error('is not to be called');
};
const unused = { page: never, replace: never, create: never, take: never, giveBack: never };

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

test.each([
  ['a minute', 60_000, 30_000],
  ['ten hours', 36_000_000, 3_600_000],
])(
  'a delivery that has waited for %s is put off for as long as the circuit is open, or a tenth of that',
  async (_, age, later) => {
    const row = delivery({ nextAttemptAtMs: nowMs, createdAtMs: nowMs - age });
    const passage = { is: 'broken' as const, untilMs: nowMs + 30_000 };
    expect((await afterWakeUp(row, {}, { passage }))!.nextAttemptAtMs).toBe(nowMs + later);
  },
);

test.each([
  ['is still held', { state: 'held' as const }],
  ['was just released', { releasedAtMs: nowMs }],
])('a delivery that %s after weeks is put off by an open circuit as one that is new', async (_, standing) => {
  const createdAtMs = nowMs - 20 * 86_400_000;
  const row = delivery({ nextAttemptAtMs: nowMs, createdAtMs, ...standing });
  const passage = { is: 'broken' as const, untilMs: nowMs + 30_000 };
  const written = await afterWakeUp(row, {}, { passage, attempt: never });
  expect(written).toMatchObject({ state: 'queued', releasedAtMs: nowMs, nextAttemptAtMs: nowMs + 30_000 });
});

describe('a delivery to an endpoint with a rate limit', () => {
  const later = { reserve: async () => nowMs + 60_000 };

  test('goes at the time that it has', async () => {
    const row = delivery({ nextAttemptAtMs: nowMs, slot: { atMs: nowMs, rateLimit: 2 } });
    expect(await afterWakeUp(row, { rateLimit: 2 })).toMatchObject({ state: 'delivered' });
  });

  test('gets another time where it has one of another limit', async () => {
    const row = delivery({ nextAttemptAtMs: nowMs, slot: { atMs: nowMs, rateLimit: 50 } });
    const slot = { atMs: nowMs + 60_000, rateLimit: 2 };
    const written = await afterWakeUp(row, { rateLimit: 2 }, { slots: later, attempt: never });
    expect(written).toEqual({ ...row, nextAttemptAtMs: slot.atMs, slot });
  });

  test('gets a second time where it has missed the first, which is good for ever', async () => {
    const row = delivery({ nextAttemptAtMs: nowMs, slot: { atMs: nowMs - 10_000, rateLimit: 1 } });
    const to = { rateLimit: 1 };
    const [put] = await afterWakeUps([row], to, { slots: later, attempt: never });
    const slot = { atMs: nowMs + 60_000, rateLimit: 1, isSecond: true as const };
    expect(put).toEqual({ ...row, nextAttemptAtMs: slot.atMs, slot });
    const missed = { ...row, slot: { ...slot, atMs: nowMs - 60_000 } };
    expect(await afterWakeUp(missed, to, { slots: { reserve: never } })).toMatchObject({
      state: 'delivered',
    });
  });
});

test('a wake-up goes on to the lane of slow endpoints, and its row knows that it waits there', async () => {
  const row = delivery({ nextAttemptAtMs: nowMs });
  const sent: WakeUp[] = [];
  const written = await afterWakeUp(row, {}, { lane: 'slow', sent, attempt: never });
  expect(written).toEqual({ ...row, inSlowLane: true });
  expect(sent).toMatchObject([{ eventId: row.eventId, attemptsMade: 1, delayMs: 0, lane: 'slow' }]);
});

test('what an attempt has shown to be slow waits for its next one in the lane of slow endpoints', async () => {
  const row = delivery({ nextAttemptAtMs: nowMs });
  const sent: WakeUp[] = [];
  let lane: Lane = 'usual';
  const attempt = async () => {
    lane = 'slow';
    return { atMs: nowMs, latencyMs: 9_000, statusCode: 500 };
  };
  const written = await afterWakeUp(row, {}, { lane: () => lane, attempt, sent });
  expect(written).toMatchObject({ state: 'queued', inSlowLane: true });
  expect(sent).toMatchObject([{ attemptsMade: 2, lane: 'slow' }]);
});

describe('an endpoint that is not known to be fast', () => {
  const row = delivery({ nextAttemptAtMs: nowMs, slot: { atMs: nowMs, rateLimit: 1 } });

  test('is attempted with a place at it, which is given back', async () => {
    const places: string[] = [];
    const delivered = await afterWakeUp(
      row,
      {},
      {
        isFast: false,
        places: {
          take: async (endpointId, untilMs) => {
            places.push(`${endpointId} until ${untilMs - nowMs}`);
            return { endpointId, name: 'place' };
          },
          giveBack: async ({ endpointId }) => void places.push(`${endpointId} back`),
        },
      },
    );
    expect(delivered).toMatchObject({ state: 'delivered' });
    expect(places).toEqual([`${row.endpointId} until 35000`, `${row.endpointId} back`]);
  });

  test('shares one place among its deliveries, and has it no longer than they take', async () => {
    const places: string[] = [];
    const fast = Promise.withResolvers<void>();
    await afterWakeUps(
      [row, { ...row, eventId: '01HF7YAT00QKZ1V2B3N4M5P6R8' }, { ...row, endpointId: 'ep_slow' }],
      {},
      {
        isFast: false,
        places: {
          take: async (endpointId) => {
            places.push(`${endpointId} taken`);
            return { endpointId, name: 'place' };
          },
          giveBack: async ({ endpointId }) => {
            places.push(`${endpointId} back`);
            fast.resolve();
          },
        },
        attempt: async ({ id }) => {
          if (id === 'ep_slow') await fast.promise;
          return delivers();
        },
      },
    );
    expect(places).toEqual([
      `${row.endpointId} taken`,
      'ep_slow taken',
      `${row.endpointId} back`,
      'ep_slow back',
    ]);
  });

  const noPlaces = { take: async () => undefined, giveBack: never };

  test.each([
    ['no time', 0, 500],
    ['two seconds', 2_000, 2_000],
    ['half a minute', 30_000, 5_000],
    ['a minute', 60_000, 6_000],
    ['an hour', 3_600_000, 360_000],
    ['two days', 172_800_000, 600_000],
  ])(
    'where others take up all places is woken anew, after %s: soon at first, then by a tenth of that, for ten minutes at most',
    async (_, age, later) => {
      const waiting = { ...row, createdAtMs: nowMs - age };
      const sent: WakeUp[] = [];
      await afterWakeUp(waiting, {}, { isFast: false, places: noPlaces, outcome: 'crowded', sent });
      expect(sent).toMatchObject([{ eventId: row.eventId, attemptsMade: 1, delayMs: later, lane: 'usual' }]);
    },
  );

  test('where others take up all places says so in its row only when that is a minute off, or other than what it says', async () => {
    const afterCrowd = (waiting: Delivery) =>
      afterWakeUp(waiting, {}, { isFast: false, places: noPlaces, outcome: 'crowded' });
    const due = { ...row, createdAtMs: nowMs, nextAttemptAtMs: nowMs };
    expect(await afterCrowd(due)).toBeUndefined();
    expect(await afterCrowd({ ...due, nextAttemptAtMs: nowMs - 59_500 })).toBeUndefined();
    const next = { ...due, nextAttemptAtMs: nowMs + 500 };
    expect(await afterCrowd({ ...due, nextAttemptAtMs: nowMs - 59_501 })).toEqual(next);
    expect(await afterCrowd({ ...due, inSlowLane: true })).toEqual(next);
    expect(await afterCrowd({ ...due, state: 'held' })).toMatchObject({ state: 'queued' });
  });

  test('takes no place while it is paused', async () => {
    expect(await afterWakeUp(row, { status: 'paused' }, { isFast: false })).toMatchObject({ state: 'held' });
  });
});
