import { describe, expect, it } from 'vitest';
import { sweepDue } from '../../lib/app/sweep-due.ts';
import type { DueDeliveries } from '../../lib/app/ports/events.ts';
import type { JobWatch } from '../../lib/app/ports/jobs.ts';

export interface JobWatchUnderTest {
  readonly watchReplays: JobWatch;
  readonly watchStreams: JobWatch;
  readonly due: DueDeliveries;
}

const minute = 60_000;
/** The beginning of a minute, in a future in which nothing expires while the tests run. */
const start = Date.UTC(2040, 0, 1, 12);

/** What every adapter of `JobWatch` does, beside the due list that the sweep goes by. */
export function jobWatchContract(adapter: string, create: () => Promise<JobWatchUnderTest>): void {
  const sweeper =
    ({ due }: Pick<JobWatchUnderTest, 'due'>) =>
    async (afterMinutes: number) => {
      const sent: string[] = [];
      const queue = (kind: string) => ({
        send: async (ids: readonly string[]) => void sent.push(...ids.map((id) => `${kind} ${id}`)),
      });
      const nothing = { send: async () => {} };
      await sweepDue({
        due,
        wakeUps: nothing,
        fanOutQueue: nothing,
        replayQueue: queue('replay'),
        streamQueue: queue('stream'),
        now: () => start + afterMinutes * minute,
      });
      return sent;
    };

  describe(`JobWatch: ${adapter}`, () => {
    it('has a job sent again that has stood still, until it is forgotten', async () => {
      const { watchReplays: watch, due } = await create();
      const sweep = sweeper({ due });
      await watch.expect('rpl_1', start + 3 * minute);
      expect(await sweep(0)).toEqual([]);
      await watch.expect('rpl_1', start + 5 * minute);
      expect(await sweep(4)).toEqual([]);
      expect(await sweep(5)).toEqual(['replay rpl_1']);
      expect(await sweep(5)).toEqual([]);
      expect(await sweep(15)).toEqual(['replay rpl_1']);
      await watch.forget('rpl_1');
      expect(await sweep(30)).toEqual([]);
    });

    it('counts the jobs of an org that were said to count and have not ended, each once', async () => {
      const { watchReplays: watch, watchStreams } = await create();
      for (const id of ['rpl_1', 'rpl_2', 'rpl_3', 'rpl_1']) await watch.expect(id, start, 'acme');
      await watch.expect('rls_1', start);
      await watch.expect('rpl_4', start, 'other');
      await watchStreams.expect('acme', start, 'acme');
      expect(await watch.running('acme', 10)).toBe(3);
      expect(await watch.running('acme', 2)).toBe(2);
      await watch.forget('rpl_2');
      expect(await watch.running('acme', 10)).toBe(2);
      expect(await watch.running('nobody', 10)).toBe(0);
    });

    it('still counts a job that was sent again', async () => {
      const { watchReplays: watch, due } = await create();
      await watch.expect('rpl_1', start, 'acme');
      expect(await sweeper({ due })(1)).toEqual(['replay rpl_1']);
      expect(await watch.running('acme', 10)).toBe(1);
    });

    it('has each job sent to its own queue, also where two have the same id', async () => {
      const { watchReplays, watchStreams, due } = await create();
      const sweep = sweeper({ due });
      await watchReplays.expect('acme', start);
      await watchStreams.expect('acme', start);
      expect((await sweep(1)).sort()).toEqual(['replay acme', 'stream acme']);
      await watchReplays.forget('acme');
      expect(await sweep(11)).toEqual(['stream acme']);
    });
  });
}
