import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSchedule } from '../../../infra/local/schedule.ts';

const minute = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(
  expression: string,
  invoke: (event: unknown) => Promise<unknown>,
  input: unknown = { due: true },
) {
  const said: string[] = [];
  const schedule = startSchedule({
    name: 'sweep',
    expression,
    input,
    invoke,
    say: (line) => said.push(line),
  });
  return { ...schedule, said };
}

describe('a schedule', () => {
  it.each([
    ['rate(1 minute)', minute],
    ['rate(5 minutes)', 5 * minute],
    ['rate(1 hour)', 60 * minute],
    ['rate(1 day)', 24 * 60 * minute],
  ])('%s invokes each period, first after one', async (expression, period) => {
    const invoke = vi.fn(async () => undefined);
    start(expression, invoke);

    await vi.advanceTimersByTimeAsync(period - 1);
    expect(invoke).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1 + 2 * period);
    expect(invoke.mock.calls).toEqual([[{ due: true }], [{ due: true }], [{ due: true }]]);
  });

  it('without an input sends the event of EventBridge', async () => {
    const invoke = vi.fn(async (event: unknown) => event);
    startSchedule({
      name: 'sweep',
      expression: 'rate(1 minute)',
      input: undefined,
      invoke,
      say: () => undefined,
    });

    await vi.advanceTimersByTimeAsync(minute);

    expect(invoke.mock.calls[0]?.[0]).toMatchObject({
      version: '0',
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      detail: {},
    });
  });

  it('never runs two at once', async () => {
    const finish = Promise.withResolvers<void>();
    const invoke = vi.fn(() => finish.promise);
    start('rate(1 minute)', invoke);

    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(invoke).toHaveBeenCalledTimes(1);
    finish.resolve();
    await vi.advanceTimersByTimeAsync(minute);
    expect(invoke).toHaveBeenCalledTimes(2);
  });

  it('says a failure once, goes on, and says when it works again', async () => {
    const outcomes = [new Error('table is frozen'), new Error('table is frozen'), undefined, undefined];
    const invoke = vi.fn(async () => {
      const outcome = outcomes.shift();
      if (outcome) throw outcome;
    });
    const schedule = start('rate(1 minute)', invoke);

    await vi.advanceTimersByTimeAsync(4 * minute);

    expect(invoke).toHaveBeenCalledTimes(4);
    expect(schedule.said).toHaveLength(2);
    expect(schedule.said[0]).toContain('table is frozen');
    expect(schedule.said[1]).toContain('works again');
  });

  it('stops: waits for what runs, invokes no more', async () => {
    const finish = Promise.withResolvers<void>();
    const invoke = vi.fn(() => finish.promise);
    const schedule = start('rate(1 minute)', invoke);
    await vi.advanceTimersByTimeAsync(minute);
    let stopped = false;

    const stopping = schedule.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stopped).toBe(false);
    finish.resolve();
    await stopping;
    await vi.advanceTimersByTimeAsync(5 * minute);

    expect(invoke).toHaveBeenCalledTimes(1);
  });

  it.each([
    'rate(1 minutes)',
    'rate(2 minute)',
    'rate(0 minutes)',
    'cron(0 10 * * ? *)',
    'rate(25 days)',
    '',
  ])('refuses "%s" and says what is run', (expression) => {
    expect(() => start(expression, async () => undefined)).toThrow('rate(5 minutes)');
  });
});
