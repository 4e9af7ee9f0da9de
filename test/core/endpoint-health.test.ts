import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../lib/core/attempt.ts';
import { type EndpointHealth, afterSample, isSlow, unknownHealth } from '../../lib/core/endpoint-health.ts';

const start = 1_700_000_000_000;
const good = (latencyMs = 5): Attempt => ({ atMs: start, latencyMs, statusCode: 200 });
const bad = (latencyMs = 5): Attempt => ({ atMs: start, latencyMs, statusCode: 500 });
const aborted: Attempt = { atMs: start, latencyMs: 50, error: 'aborted' };

const after = (attempts: readonly Attempt[], from: EndpointHealth = unknownHealth, nowMs = start) =>
  attempts.reduce((health, attempt) => afterSample(health, attempt, nowMs), from);
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

describe('the circuit', () => {
  test.each([
    ['nine failures', times(9, bad()), 'closed'],
    ['ten failures', times(10, bad()), 'open'],
    ['half of ten', [...times(5, good()), ...times(5, bad())], 'open'],
    ['less than half of ten', [...times(6, good()), ...times(4, bad())], 'closed'],
    ['half of the last twenty, after many good ones', [...times(90, good()), ...times(10, bad())], 'open'],
    ['attempts that we cut short', times(20, aborted), 'closed'],
  ])('%s: %s', (_, attempts, state) => {
    expect(after(attempts).circuit.state).toBe(state);
  });

  test('opens for 30 s, and for twice as long after each trial that fails, up to a minute', () => {
    let health = after(times(10, bad()));
    const lengths: number[] = [];
    for (let trial = 0; trial < 6; trial++) {
      if (health.circuit.state !== 'open') throw new Error('closed');
      lengths.push(health.circuit.openMs / 1000);
      const until = health.circuit.openUntilMs;
      health = afterSample(health, bad(), until);
    }
    expect(lengths).toEqual([30, 60, 60, 60, 60, 60]);
  });

  test('is not changed by what was under way when it opened', () => {
    const opened = after(times(10, bad()));
    expect(after([...times(10, bad()), good()], opened, start + 29_000).circuit).toEqual(opened.circuit);
  });

  test('is not closed by a trial that we cut short', () => {
    const opened = after(times(10, bad()));
    expect(after([aborted], opened, start + 30_000).circuit).toEqual(opened.circuit);
  });

  test('closes with the first trial that succeeds, and forgets what was before', () => {
    const closed = afterSample(after(times(20, bad())), good(), start + 30_000);
    expect(closed.circuit.state).toBe('closed');
    expect(after(times(8, bad()), closed).circuit.state).toBe('closed');
  });
});

describe('being slow', () => {
  test.each([
    ['nothing known', [], undefined],
    ['two slow attempts', times(2, good(600)), undefined],
    ['one very slow attempt', [good(1001)], undefined],
    ['two very slow attempts', times(2, good(1001)), true],
    ['two very slow attempts, and fast ones', [...times(2, good(1001)), ...times(5, good())], false],
    ['three slow attempts', times(3, good(600)), true],
    ['three that we cut short', times(3, aborted), true],
    ['a few fast ones', times(4, good()), undefined],
    ['five fast ones', times(5, good()), false],
    ['two slow of twenty', [...times(2, good(600)), ...times(18, good())], false],
    ['three slow of twenty', [...times(3, good(600)), ...times(17, good())], true],
    ['slow ones long ago', [...times(20, good(600)), ...times(20, good())], false],
    ['errors that come late', times(20, bad(5000)), true],
  ])('%s: %s', (_, attempts, slow) => {
    expect(isSlow(after(attempts), 500)).toBe(slow);
  });
});
