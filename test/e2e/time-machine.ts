import { expect } from 'vitest';
import { createFunctionClock } from '../../infra/local/function-clock.ts';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { startWatchedFanout, type WatchedOptions } from './canaries.ts';
import type { FanoutClient } from './fanout-client.ts';
import { stages } from '../../infra/stages.ts';
import { asAdministrator } from '../adapters/kafka-topics.ts';

/** A delivery in its event's trace, with its times. */
export interface TimedDelivery {
  readonly endpoint_id: string;
  readonly state: string;
  readonly failure?: string;
  readonly next_attempt_at: string | null;
  readonly attempts: readonly { readonly at: string; readonly status_code?: number }[];
}

/** A Fanout whose functions go by a clock in the test's hands. Its schedules stand still: `sweep` is what they would run. */
export interface TimeMachine {
  readonly fanout: Fanout;
  advance(ms: number): void;
  /** Puts the clock forward to a time, milliseconds since 1970, as functions see it. */
  advanceTo(timeMs: number): void;
  /** Runs the sweep, and answers how many deliveries it woke. */
  sweep(): Promise<number>;
  /** Waits until every record is acknowledged: one that is not comes again after a crash, and is attempted again. */
  untilAcknowledged(): Promise<void>;
  /** Ends every environment of the functions whose name matches, as a crash would. */
  kill(names: RegExp): Promise<void>;
  /** Stops the whole machine and starts another on the same engines, with the same secrets, as AWS would keep them. */
  restart(): Promise<void>;
}

/** @param options what else the machine is started with; `restart` needs engines that are given */
export async function startTimeMachine(
  options: Pick<WatchedOptions, 'engines' | 'stage'> = {},
): Promise<TimeMachine> {
  const clock = createFunctionClock();
  const swept: number[] = [];
  const log = (line: string) => {
    const [, woken] = /"message":"swept","woken":(\d+)/.exec(line) ?? [];
    if (woken !== undefined) swept.push(Number(woken));
  };
  const start = (secrets: Record<string, string>) => startWatchedFanout({ log, clock, secrets, ...options });
  let fanout = await start({});

  const functionsNamed = (names: RegExp) => fanout.machine.functions.filter(({ name }) => names.test(name));
  return {
    get fanout() {
      return fanout;
    },
    advance: (ms) => clock.advance(ms),
    advanceTo(timeMs) {
      expect(timeMs, 'the clock only goes forward').toBeGreaterThanOrEqual(clock.now());
      clock.advance(timeMs - clock.now());
    },
    async sweep() {
      const [sweep] = functionsNamed(/Sweep/);
      swept.length = 0;
      await sweep!.invoke({});
      expect(swept).toHaveLength(1);
      return swept[0]!;
    },
    async untilAcknowledged() {
      const { ingestTopic: topic, engines } = fanout;
      const groupId = stages.local.sources['ingest']!.consumerGroupId;
      const missing = () =>
        asAdministrator(engines.kafka, async (admin) => {
          const [read] = await admin.fetchOffsets({ groupId, topics: [topic] });
          const ends = await admin.fetchTopicOffsets(topic);
          return ends.filter(({ partition, high }) => {
            const committed = read!.partitions.find((one) => one.partition === partition)?.offset;
            return Number(high) > 0 && committed !== high;
          });
        });
      await expect.poll(missing).toEqual([]);
    },
    async kill(names) {
      const killed = functionsNamed(names);
      expect(killed, `functions named ${names}`).not.toEqual([]);
      await Promise.all(killed.map((one) => one.kill()));
    },
    async restart() {
      const secrets = secretsOf(fanout);
      await fanout.stop();
      fanout = await start(secrets);
    },
  };
}

/** What the stacks made up: a deploy keeps it, a start of the local machine makes it anew. */
function secretsOf({ machine }: Fanout): Record<string, string> {
  const outputs = Object.values(machine.outputs).flatMap((ofStack) => Object.entries(ofStack));
  const arns = outputs.filter(([name]) => name.endsWith('SecretArn')).map(([, arn]) => arn);
  return Object.fromEntries(arns.map((arn) => [arn, machine.secretValue(arn)]));
}

/** An event's deliveries as its trace tells them. */
export async function timedDeliveries(client: FanoutClient, event: string): Promise<TimedDelivery[]> {
  type Timed = { readonly deliveries: TimedDelivery[] };
  const { status, body } = await client.call<Timed>('GET', `/v1/events/${event}`);
  // It is there soon after the first attempt.
  return status === 404 ? [] : body.deliveries;
}
