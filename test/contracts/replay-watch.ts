import { describe, expect, it } from 'vitest';
import { sweepDue } from '../../lib/app/sweep-due.ts';
import type { DueDeliveries } from '../../lib/app/ports/events.ts';
import type { ReplayWatch } from '../../lib/app/ports/replays.ts';

export interface ReplayWatchUnderTest {
  readonly watch: ReplayWatch;
  readonly due: DueDeliveries;
}

const minute = 60_000;
/** The beginning of a minute, in a future in which nothing expires while the tests run. */
const start = Date.UTC(2040, 0, 1, 12);

/** What every adapter of `ReplayWatch` does, beside the due list that the sweep goes by. */
export function replayWatchContract(
  adapter: string,
  create: (now: () => number) => Promise<ReplayWatchUnderTest>,
): void {
  describe(`ReplayWatch: ${adapter}`, () => {
    it('has a replay sent again that has stood still, until it is forgotten', async () => {
      let nowMs = start;
      const { watch, due } = await create(() => nowMs);
      const sweep = async (afterMinutes: number) => {
        nowMs = start + afterMinutes * minute;
        const sent: string[] = [];
        const replayQueue = { send: async (ids: readonly string[]) => void sent.push(...ids) };
        const nothing = { send: async () => {} };
        await sweepDue({ due, wakeUps: nothing, fanOutQueue: nothing, replayQueue, now: () => nowMs });
        return sent;
      };
      await watch.expect('rpl_1', start + 3 * minute);
      expect(await sweep(0)).toEqual([]);
      await watch.expect('rpl_1', start + 5 * minute);
      expect(await sweep(4)).toEqual([]);
      expect(await sweep(5)).toEqual(['rpl_1']);
      expect(await sweep(5)).toEqual([]);
      expect(await sweep(15)).toEqual(['rpl_1']);
      await watch.forget('rpl_1');
      expect(await sweep(30)).toEqual([]);
    });
  });
}
