import { randomBytes, randomInt } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyedCall, PublishCalls } from '../../lib/app/ports/publish-calls.ts';

const hour = 3_600_000;
const leaseMs = 35_000;

/** What every adapter of `PublishCalls` does; its window is 24 hours. */
export function publishCallsContract(
  adapter: string,
  create: (now: () => number) => Promise<PublishCalls>,
): void {
  describe(`PublishCalls: ${adapter}`, () => {
    let calls: PublishCalls;
    let nowMs: number;
    let leases = 0;

    beforeEach(async () => {
      nowMs = Date.now();
      calls = await create(() => nowMs);
    });

    const call = (parts: Partial<KeyedCall> = {}): KeyedCall => ({
      orgId: 'acme',
      key: 'key',
      fingerprint: 'a',
      ...parts,
    });
    const lease = () => ({ id: `lease-${leases++}`, untilMs: nowMs + leaseMs });
    const begin = (parts: Partial<KeyedCall> = {}) => calls.begin(call(parts), lease());
    const ours = (isContinued: boolean, startedMs = nowMs) => ({ is: 'ours', startedMs, isContinued });

    it('gives a call to the first, and to nobody else while it is under way', async () => {
      expect(await begin()).toEqual(ours(false));
      nowMs += leaseMs - 1;
      expect(await begin()).toEqual({ is: 'in_flight' });
    });

    it('gives a call to exactly one of many at once', async () => {
      const standings = await Promise.all(Array.from({ length: 8 }, () => begin()));
      expect(standings.filter(({ is }) => is === 'ours')).toHaveLength(1);
      expect(standings.filter(({ is }) => is === 'in_flight')).toHaveLength(7);
    });

    it('gives a call whose lease is over to exactly one other, with the time of the first', async () => {
      await begin();
      const startedMs = nowMs;
      nowMs += leaseMs;
      const standings = await Promise.all(Array.from({ length: 8 }, () => begin()));
      expect(standings.filter(({ is }) => is === 'ours')).toEqual([ours(true, startedMs)]);
      expect(standings.filter(({ is }) => is === 'in_flight')).toHaveLength(7);
    });

    it('gives a call that was given up to the next at once', async () => {
      const first = lease();
      await calls.begin(call(), first);
      await calls.release(call(), first);
      expect(await begin()).toEqual(ours(true));
      expect(await begin()).toEqual({ is: 'in_flight' });
    });

    it('gives a call again to the lease that has it, as a client repeats a request whose answer got lost', async () => {
      const first = lease();
      await calls.begin(call(), first);
      expect(await calls.begin(call(), first)).toEqual(ours(false));
    });

    it('hands what a call has kept to whoever continues it, also when it is large, and to nobody else', async () => {
      // More than one item takes, and nothing that gets smaller.
      const large = randomBytes(600_000).toString('base64');
      for (const [key, text] of [
        ['small', '{"n": 1.10, "ü": "\\u00fc"}'],
        ['large', large],
      ] as const) {
        const first = lease();
        await calls.begin(call({ key }), first);
        expect(await calls.keep(call({ key }), first, text)).toBe(true);
        await calls.release(call({ key }), first);
        expect(await begin({ key, fingerprint: 'b' })).toEqual({ is: 'other_call' });
        const second = lease();
        expect(await calls.begin(call({ key }), second)).toEqual({ ...ours(true), kept: text });
        await calls.release(call({ key }), second);
        expect(await begin({ key })).toEqual({ ...ours(true), kept: text });
      }
      expect(await begin({ key: 'other' })).toEqual(ours(false));
    });

    it('keeps nothing of an invocation whose call another has taken over', async () => {
      const [first, second] = [lease(), { id: 'second', untilMs: nowMs + 2 * leaseMs }];
      await calls.begin(call(), first);
      nowMs += leaseMs;
      await calls.begin(call(), second);
      expect(await calls.keep(call(), second, 'good')).toBe(true);
      expect(await calls.keep(call(), first, 'late')).toBe(false);
      expect(await calls.forget(call(), first)).toBe(false);
      await calls.release(call(), second);
      const third = lease();
      expect(await calls.begin(call(), third)).toEqual({ ...ours(true, nowMs - leaseMs), kept: 'good' });
      expect(await calls.forget(call(), third)).toBe(true);
      await calls.release(call(), third);
      expect(await begin()).toEqual(ours(true, nowMs - leaseMs));
    });

    it('answers a call that has kept something like any other', async () => {
      const first = lease();
      await calls.begin(call(), first);
      await calls.keep(call(), first, 'kept');
      await calls.finish(call(), first, 'answer');
      expect(await begin()).toEqual({ is: 'answered', answer: 'answer' });
    });

    it('repeats the longest answer: 500 ids of 256 characters, of the largest that there are', async () => {
      const id = () =>
        String.fromCodePoint(...Array.from({ length: 256 }, () => randomInt(0x10000, 0x110000)));
      const longest = JSON.stringify(
        Array.from({ length: 500 }, () => ({ id: id(), topic: 'a'.repeat(165) })),
      );
      const first = lease();
      await calls.begin(call(), first);
      await calls.finish(call(), first, longest);
      expect(await begin()).toEqual({ is: 'answered', answer: longest });
    });

    it('repeats the answer to the same call, and refuses another one under the key', async () => {
      const first = lease();
      await calls.begin(call(), first);
      expect(await begin({ fingerprint: 'b' })).toEqual({ is: 'other_call' });
      await calls.finish(call(), first, '{"n": 1.10}');
      nowMs += leaseMs;
      expect(await begin()).toEqual({ is: 'answered', answer: '{"n": 1.10}' });
      expect(await begin({ fingerprint: 'b' })).toEqual({ is: 'other_call' });
    });

    it('takes no answer of an invocation whose call another has taken over', async () => {
      const [first, second] = [lease(), { id: 'second', untilMs: nowMs + 2 * leaseMs }];
      await calls.begin(call(), first);
      nowMs += leaseMs;
      await calls.begin(call(), second);
      await calls.finish(call(), first, 'late');
      await calls.release(call(), first);
      expect(await begin()).toEqual({ is: 'in_flight' });
      await calls.finish(call(), second, 'good');
      expect(await begin()).toEqual({ is: 'answered', answer: 'good' });
    });

    it('keeps keys and orgs apart', async () => {
      await begin();
      expect(await begin({ key: 'Key', fingerprint: 'b' })).toEqual(ours(false));
      expect(await begin({ orgId: 'globex', fingerprint: 'b' })).toEqual(ours(false));
    });

    it('begins anew when the window is over, and not a second before', async () => {
      const first = lease();
      await calls.begin(call(), first);
      await calls.finish(call(), first, 'old');
      nowMs += 24 * hour - 1000;
      expect(await begin()).toEqual({ is: 'answered', answer: 'old' });
      nowMs += 2000;
      expect(await begin({ fingerprint: 'b' })).toEqual(ours(false));
      expect(await begin({ fingerprint: 'b' })).toEqual({ is: 'in_flight' });
    });
  });
}
