import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFunctionClock, type FunctionClock } from '../../../infra/local/function-clock.ts';
import { type LocalFunction, startLocalFunction } from '../../../infra/local/local-function.ts';

const day = 86_400_000;

/** Takes `now` when it loads, as handlers do. */
const telling = `
  const now = Date.now;
  export async function handler({ waitMs = 0 }, context) {
    const began = now();
    const timer = performance.now();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return {
      now: now(),
      new: new Date().getTime(),
      text: Date.parse(Date()),
      given: [new Date(0).toISOString(), new Date(2026, 0).getMonth(), Date.UTC(1970, 0)],
      isDate: new Date() instanceof Date && Object.prototype.toString.call(new Date()),
      took: now() - began,
      timed: performance.now() - timer,
      remaining: context.getRemainingTimeInMillis(),
    };
  }`;

interface Told extends Record<'now' | 'new' | 'text' | 'took' | 'timed' | 'remaining', number> {
  given: unknown;
  isDate: unknown;
}

let folder: string;
let clock: FunctionClock;
let running: LocalFunction;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanout-function-'));
  writeFileSync(join(folder, 'index.mjs'), telling);
  clock = createFunctionClock();
  running = startLocalFunction({
    functionName: 'tried',
    functionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:tried',
    codeFolder: folder,
    handler: 'index.handler',
    timeoutSeconds: 3,
    memoryMiB: 256,
    variables: {},
    concurrency: 2,
    log: () => {},
    lead: clock.lead,
  });
});
afterEach(async () => {
  await running.stop();
  rmSync(folder, { recursive: true });
});

const tell = async (waitMs = 0) => (await running.invoke({ waitMs })) as Told;

/** Every way to the present time tells that it is now so much later, and a second more at most. */
function expectAhead(told: Told, ms: number): void {
  const behindMs = (time: number) => clock.now() - time;
  expect(clock.now() - Date.now()).toBe(ms);
  for (const time of [told.now, told.new]) expect(behindMs(time)).toBeGreaterThanOrEqual(0);
  // A date as text has no milliseconds.
  for (const time of [told.now, told.new, told.text]) expect(behindMs(time)).toBeLessThan(2000);
}

it('is put forward for environments that run and for new ones', async () => {
  expectAhead(await tell(), 0);
  clock.advance(day);
  expectAhead(await tell(), day);
  await running.kill();
  expectAhead(await tell(), day);
  clock.advance(60 * day);
  expectAhead(await tell(), 61 * day);
});

it('is put forward in the middle of an invocation, whose time-out and timers do not notice', async () => {
  await tell();
  const telling = tell(500);
  await new Promise((resolve) => setTimeout(resolve, 200));
  clock.advance(day);
  const told = await telling;
  expect(told.took).toBeGreaterThanOrEqual(day);
  expect(told.timed).toBeLessThan(3000);
  expect(told.remaining).toBeGreaterThan(0);
  expect(told.remaining).toBeLessThanOrEqual(3000);
});

it('leaves dates alone that are given', async () => {
  clock.advance(day);
  const { given, isDate } = await tell();
  expect(given).toEqual(['1970-01-01T00:00:00.000Z', 0, 0]);
  expect(isDate).toBe('[object Date]');
});
