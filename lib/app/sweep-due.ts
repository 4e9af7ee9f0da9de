import type { DueDeliveries } from './ports/events.ts';
import type { FanOutQueue } from './ports/fan-outs.ts';
import type { ReplayQueue } from './ports/replays.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';

export interface SweepDependencies {
  readonly due: DueDeliveries;
  readonly wakeUps: WakeUpQueue;
  readonly fanOutQueue: FanOutQueue;
  readonly replayQueue: ReplayQueue;
  readonly now: () => number;
}

/**
 * Sends a wake-up for each delivery whose minute has come, and for each whose earlier wake-up seems to be lost; the same
 * for fan-out jobs and replays.
 * @returns how many were woken
 */
export async function sweepDue(dependencies: SweepDependencies): Promise<number> {
  const { due, wakeUps, fanOutQueue, replayQueue, now } = dependencies;
  const nowMs = now();
  let woken = 0;
  for await (const page of due.due(nowMs)) {
    const { deliveries, fanOuts, replays } = page;
    // Which lane is theirs the function finds out.
    await wakeUps.send(deliveries.map((delivery) => ({ ...delivery, delayMs: 0, lane: 'usual' as const })));
    await fanOutQueue.send(fanOuts.map(({ eventId }) => eventId));
    await replayQueue.send(replays);
    await due.woken(page, nowMs);
    woken += deliveries.length + fanOuts.length + replays.length;
  }
  return woken;
}
