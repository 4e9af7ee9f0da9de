import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOutage } from './outage.ts';

export interface ScheduleOptions {
  /** For what is said about it. */
  name: string;
  /** `rate(1 minute)`, `rate(5 minutes)`, `rate(2 hours)`, `rate(1 day)`. */
  expression: string;
  /** The target's constant input; undefined: the event that EventBridge sends by itself. */
  input: unknown;
  /** Rejects when the function failed, timed out or could not start. */
  invoke(event: unknown): Promise<unknown>;
  say(line: string): void;
}

const units = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
/** Node's timers take no more. */
const longestPeriodMs = 2 ** 31 - 1;
const stopWaitMs = 30_000;

/**
 * Invokes a function each period, first after one period, as EventBridge does for a rate expression. Two invocations
 * never overlap: a period in which the last one still runs is left out. A failure is said once and changes nothing.
 *
 * @returns its `stop`, which waits for an invocation in flight, for at most 30 seconds
 * @throws Error for an expression that is not run here
 */
export function startSchedule(options: ScheduleOptions): { stop(): Promise<void> } {
  const period = periodOf(options.expression);
  const outage = createOutage(
    (line) => options.say(line),
    (reason) => `schedule ${options.name} failed: ${reason}; it runs again ${options.expression}`,
    `schedule ${options.name} works again`,
  );
  let running: Promise<void> | undefined;

  const timer = setInterval(() => {
    running ??= run().finally(() => (running = undefined));
  }, period);
  // A schedule alone must not keep a machine alive that has otherwise stopped.
  timer.unref();

  async function run(): Promise<void> {
    try {
      await options.invoke(options.input ?? scheduledEvent(options.name));
      outage.worked(options.name);
    } catch (error) {
      outage.failed(options.name, error);
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      if (running) await Promise.race([running, sleep(stopWaitMs, undefined, { ref: false })]);
    },
  };
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html: 1 takes the singular. */
function periodOf(expression: string): number {
  const [, value, unit, plural] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression.trim()) ?? [];
  const period = unit ? Number(value) * units[unit as keyof typeof units] : NaN;
  if ((value === '1') !== (plural === '') || !(period <= longestPeriodMs)) {
    throw new Error(
      `Schedule expression "${expression}" is not run here; run are rates of up to 24 days such as ` +
        'rate(1 minute), rate(5 minutes), rate(1 hour) and rate(1 day)',
    );
  }
  return period;
}

function scheduledEvent(name: string): unknown {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region: 'us-east-1',
    resources: [`arn:aws:events:us-east-1:000000000000:rule/${name}`],
    detail: {},
  };
}
