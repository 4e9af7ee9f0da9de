import { beforeEach, describe, expect, it } from 'vitest';
import type { EndpointCounter, EndpointCountReader } from '../../lib/app/ports/endpoint-counts.ts';
import { type Counts, noCounts } from '../../lib/core/endpoint-counts.ts';

/** An environment's counts, and a hand on the table that it writes to. */
export interface CountsUnderTest {
  /** One more environment, on the same table. */
  readonly environment: (now: () => number) => EndpointCounter & EndpointCountReader;
  /** Lets so many of the next writes fail. */
  readonly failWrites: (count: number) => void;
}

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const endpoint = { id: 'ep_1', orgId: 'acme' };
const success: Counts = { attempts: 1, failedAttempts: 0, delivered: 1, failed: 0 };
const failure: Counts = { attempts: 1, failedAttempts: 1, delivered: 0, failed: 1 };

/** What every adapter of `EndpointCounter` and `EndpointCountReader` does. */
export function endpointCountsContract(adapter: string, prepare: () => Promise<CountsUnderTest>): void {
  describe(`EndpointCounter and EndpointCountReader: ${adapter}`, () => {
    let under: CountsUnderTest;
    let nowMs: number;
    let one: EndpointCounter & EndpointCountReader;
    let other: EndpointCounter & EndpointCountReader;

    beforeEach(async () => {
      under = await prepare();
      // Half past, so that minutes more or less stay within the hour.
      nowMs = Math.floor(Date.now() / hours) * hours + 30 * minutes;
      one = under.environment(() => nowMs);
      other = under.environment(() => nowMs);
    });

    const attempts = async (of = endpoint) => {
      const { lastHour, lastDay } = await one.read(of, nowMs);
      return [lastHour.attempts, lastDay.attempts];
    };

    it('adds up what environments have counted, over hours, and nothing of older days', async () => {
      one.record(endpoint, failure);
      await one.flush();
      nowMs += 22 * hours;
      one.record(endpoint, failure);
      one.record(endpoint, success);
      other.record(endpoint, success);
      await Promise.all([one.flush(), other.flush()]);
      expect(await other.read(endpoint, nowMs)).toEqual({
        lastHour: { attempts: 3, failedAttempts: 1, delivered: 2, failed: 1 },
        lastDay: { attempts: 4, failedAttempts: 2, delivered: 2, failed: 2 },
      });
      nowMs += 2 * hours;
      expect(await attempts()).toEqual([0, 3]);
    });

    it('knows nothing of an endpoint that was never attempted, or that is another org’s', async () => {
      one.record(endpoint, success);
      await one.flush();
      expect(await one.read({ ...endpoint, orgId: 'globex' }, nowMs)).toEqual({
        lastHour: noCounts,
        lastDay: noCounts,
      });
      expect(await attempts({ ...endpoint, id: 'ep_2' })).toEqual([0, 0]);
    });

    it('writes at once, then not again within a second, and then all of it', async () => {
      one.record(endpoint, success);
      await one.flush();
      expect(await attempts()).toEqual([1, 1]);
      nowMs += 0.9 * seconds;
      one.record(endpoint, success);
      await one.flush();
      expect(await attempts()).toEqual([1, 1]);
      nowMs += 0.1 * seconds;
      one.record(endpoint, success);
      await one.flush();
      expect(await attempts()).toEqual([3, 3]);
    });

    it('writes what could not be written the next time, and never rejects', async () => {
      const ids = Array.from({ length: 60 }, (_, n) => ({ ...endpoint, id: `ep_${n}` }));
      const counted = async () =>
        (await Promise.all(ids.map((id) => attempts(id)))).reduce((sum, [inHour]) => sum + inHour!, 0);
      for (const id of ids) one.record(id, success);
      under.failWrites(2);
      await one.flush();
      expect(await counted()).toBeLessThan(60);
      nowMs += seconds;
      await one.flush();
      expect(await counted()).toBe(60);
    });

    it('writes the end of an hour that is over by then', async () => {
      one.record(endpoint, success);
      await one.flush();
      nowMs += 0.5 * seconds;
      one.record(endpoint, success);
      nowMs += 30 * minutes;
      one.record(endpoint, success);
      await one.flush();
      expect(await attempts()).toEqual([3, 3]);
    });

    it('loses nothing that was written of endpoints which it forgets', async () => {
      one.record(endpoint, success);
      await one.flush();
      nowMs += seconds;
      for (let n = 0; n < 10_000; n++) one.record({ ...endpoint, id: `ep_other_${n}` }, success);
      await one.flush();
      nowMs += seconds;
      one.record(endpoint, success);
      await one.flush();
      expect(await attempts()).toEqual([2, 2]);
    });

    it('knows the last success of all environments, and its own before it is written', async () => {
      const sinceMs = nowMs - 3 * hours;
      expect(await one.lastSuccessMs(endpoint, sinceMs)).toBeUndefined();
      other.record(endpoint, success);
      other.record(endpoint, failure);
      await other.flush();
      expect(await one.lastSuccessMs(endpoint, sinceMs)).toBe(nowMs);
      nowMs += 0.5 * seconds;
      other.record(endpoint, success);
      await other.flush();
      expect(await one.lastSuccessMs(endpoint, sinceMs)).toBe(nowMs - 0.5 * seconds);
      expect(await other.lastSuccessMs(endpoint, sinceMs)).toBe(nowMs);
      expect(await other.lastSuccessMs(endpoint, nowMs + 1)).toBeUndefined();
    });
  });
}
