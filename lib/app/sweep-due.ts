import type { DueDeliveries } from './ports/events.ts';
import type { FanOutQueue } from './ports/fan-outs.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';

export interface SweepDependencies {
  readonly due: DueDeliveries;
  readonly wakeUps: WakeUpQueue;
  readonly fanOutQueue: FanOutQueue;
  readonly now: () => number;
}

/**
 * Sends a wake-up for each delivery whose minute has come, and for each whose earlier wake-up seems to be lost; the same
 * for fan-out jobs.
 * @returns how many were woken
 */
export async function sweepDue({ due, wakeUps, fanOutQueue, now }: SweepDependencies): Promise<number> {
  const nowMs = now();
  let woken = 0;
  for await (const page of due.due(nowMs)) {
    const { deliveries, fanOuts } = page;
    // Which lane is theirs the function finds out.
    await wakeUps.send(deliveries.map((delivery) => ({ ...delivery, delayMs: 0, lane: 'usual' as const })));
    await fanOutQueue.send(fanOuts.map(({ eventId }) => eventId));
    await due.woken(page, nowMs);
    woken += deliveries.length + fanOuts.length;
  }
  return woken;
}
