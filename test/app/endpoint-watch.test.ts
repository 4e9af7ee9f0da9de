import { beforeEach, describe, expect, test } from 'vitest';
import { type EndpointWatch, createEndpointWatch } from '../../lib/app/endpoint-watch.ts';
import type { EndpointAlerter } from '../../lib/app/ports/endpoints.ts';
import type { FailureStreaks } from '../../lib/app/ports/failure-streaks.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { type FailureStreak, afterStreak, newAlerts } from '../../lib/core/failure-streak.ts';
import { endpoint } from '../endpoints.ts';

const terms = { allowed: 10, disablesAfterMs: 0 };
let nowMs: number;
/** The endpoint as the table has it. */
let stored: Endpoint;
let streak: FailureStreak | undefined;
let writes: number;
let flushes: number;
let counted: number;
/** What other environments have written down. */
let successElsewhereMs: number | undefined;
let told: number[];
let missed: unknown[];
let failure: Error | undefined;

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  stored = endpoint({ id: 'ep_1' });
  streak = undefined;
  writes = flushes = counted = 0;
  successElsewhereMs = undefined;
  told = [];
  missed = [];
  failure = undefined;
});

const streaks: FailureStreaks = {
  async add(_, failures, firstMs) {
    if (failure) throw failure;
    writes++;
    return (streak = {
      failures: (streak?.failures ?? 0) + failures,
      sinceMs: streak?.sinceMs ?? firstMs,
    });
  },
  async reset(_, sinceMs) {
    if (failure) throw failure;
    writes++;
    if (sinceMs === undefined || streak?.sinceMs === sinceMs) streak = undefined;
  },
};
const endpoints: EndpointAlerter = {
  async alert(_, of) {
    const added = newAlerts(stored, of, terms, nowMs);
    stored = afterStreak(stored, of, terms, nowMs);
    return added;
  },
  async recovered() {
    const { failing, ...hints } = stored.hints!;
    stored = { ...stored, hints };
  },
};

const environment = (): EndpointWatch =>
  createEndpointWatch({
    counts: {
      record: () => void counted++,
      flush: async () => void flushes++,
      lastSuccessMs: async () => successElsewhereMs,
    },
    streaks,
    endpoints,
    alerts: {
      raise: (_, { percent }) => void told.push(percent),
      missed: (_, error) => void missed.push(error),
    },
    terms,
    now: () => nowMs,
  });

/** Attempts of one invocation: `-` failed, `+` succeeded, `a` was cut short by us. */
async function invoke(watch: EndpointWatch, attempts: string): Promise<void> {
  for (const kind of attempts) {
    nowMs += 10;
    const result = kind === 'a' ? { error: 'aborted' as const } : { statusCode: kind === '+' ? 200 : 500 };
    const state = kind === '+' ? 'delivered' : 'queued';
    watch.record(stored, { atMs: nowMs, latencyMs: 5, ...result }, state);
  }
  await watch.finish();
}

test('every attempt is counted but those that we cut short', async () => {
  await invoke(environment(), '+-a+a');
  expect([counted, flushes]).toEqual([3, 1]);
});

test('endpoints that are well write nothing, and failures of an invocation are one write', async () => {
  const watch = environment();
  await invoke(watch, '++++');
  expect(writes).toBe(0);
  const beganMs = nowMs;
  await invoke(watch, '+---');
  expect([writes, streak]).toEqual([1, { failures: 3, sinceMs: beganMs + 20 }]);
});

describe('alerts', () => {
  test('come at 50, 70, 90 and 100 percent, over all environments, once each', async () => {
    const [one, other] = [environment(), environment()];
    const after: number[][] = [];
    for (let n = 0; n < 12; n++) {
      await invoke(n % 2 ? one : other, '-');
      after.push(told.splice(0));
    }
    expect(after).toEqual([[], [], [], [], [50], [], [70], [], [90], [100], [], []]);
    expect(stored).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
  });

  test('come together where one invocation has many failures', async () => {
    await invoke(environment(), '-'.repeat(10));
    expect(told).toEqual([100, 90, 70, 50]);
  });

  test('begin anew after a success here', async () => {
    const watch = environment();
    await invoke(watch, '----');
    await invoke(watch, '-----+----');
    expect([told, streak?.failures]).toEqual([[], 4]);
    await invoke(watch, '-');
    expect(told).toEqual([50]);
  });

  test('begin anew after a success elsewhere, once the endpoint is said to be failing', async () => {
    const [one, other] = [environment(), environment()];
    await invoke(one, '-----');
    expect(stored.hints).toEqual({ failing: true });
    await invoke(other, '+');
    expect([streak, stored.hints]).toEqual([undefined, {}]);
    await invoke(one, '-----');
    expect(told).toEqual([50, 50]);
  });

  test('are not raised where a success went unseen, and the streak begins anew', async () => {
    const watch = environment();
    await invoke(watch, '----');
    successElsewhereMs = nowMs + 1;
    await invoke(watch, '-');
    expect([told, streak]).toEqual([[], undefined]);
    await invoke(watch, '-----');
    expect(told).toEqual([50]);
  });

  test('are raised where the last success was before the streak', async () => {
    successElsewhereMs = nowMs;
    await invoke(environment(), '-----');
    expect(told).toEqual([50]);
  });
});

test('a table that fails costs the invocation nothing, and what was reached is told later', async () => {
  const watch = environment();
  await invoke(watch, '---');
  failure = new Error('the table is down');
  await invoke(watch, '---');
  expect([told, missed]).toEqual([[], [failure]]);
  failure = undefined;
  await invoke(watch, '--');
  expect(told).toEqual([50]);
});
