import type { DueDeliveries } from './ports/events.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';

export interface SweepDependencies {
  readonly due: DueDeliveries;
  readonly wakeUps: WakeUpQueue;
  readonly now: () => number;
}

/**
 * Sends a wake-up for each delivery whose minute has come, and for each whose earlier wake-up seems to be lost.
 * @returns how many were woken
 */
export async function sweepDue({ due, wakeUps, now }: SweepDependencies): Promise<number> {
  const nowMs = now();
  let woken = 0;
  for await (const page of due.due(nowMs)) {
    await wakeUps.send(page.map((delivery) => ({ ...delivery, delayMs: 0 })));
    await due.woken(page, nowMs);
    woken += page.length;
  }
  return woken;
}
