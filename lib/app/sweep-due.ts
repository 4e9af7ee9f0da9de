import type { DueDeliveries } from './ports/events.ts';
import type { FanOutQueue } from './ports/fan-outs.ts';
import type { JobQueue } from './ports/jobs.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';

export interface SweepDependencies {
  readonly due: DueDeliveries;
  readonly wakeUps: WakeUpQueue;
  readonly fanOutQueue: FanOutQueue;
  readonly replayQueue: JobQueue;
  readonly streamQueue: JobQueue;
  readonly now: () => number;
}

/**
 * Sends a wake-up for each delivery whose minute has come, and for each whose earlier wake-up seems to be lost; the same
 * for fan-out jobs, replays and streams.
 * @returns how many were woken
 */
export async function sweepDue(dependencies: SweepDependencies): Promise<number> {
  const { due, wakeUps, fanOutQueue, replayQueue, streamQueue, now } = dependencies;
  const nowMs = now();
  let woken = 0;
  for await (const page of due.due(nowMs)) {
    const { deliveries, fanOuts, replays, streams } = page;
    // Which lane is theirs the function finds out.
    await wakeUps.send(deliveries.map((delivery) => ({ ...delivery, delayMs: 0, lane: 'usual' as const })));
    await fanOutQueue.send(fanOuts.map(({ eventId }) => eventId));
    await replayQueue.send(replays);
    await streamQueue.send(streams);
    await due.woken(page, nowMs);
    woken += deliveries.length + fanOuts.length + replays.length + streams.length;
  }
  return woken;
}
