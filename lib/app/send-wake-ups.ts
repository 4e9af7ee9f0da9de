import type { Delivery } from '../core/delivery.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { DeliveryStore } from './ports/events.ts';
import type { WakeUp, WakeUpQueue } from './ports/wake-ups.ts';
import { inLane } from './wake-up-for.ts';

export interface SendWakeUpDependencies {
  readonly deliveries: Pick<DeliveryStore, 'replace'>;
  readonly wakeUps: WakeUpQueue;
}

const writesAtOnce = 16;

/**
 * Sends wake-ups of deliveries whose rows are written. Rows of the slow lane count on theirs for long; when not all could be
 * sent, they are taken out of it as far as may be, so that the sweep finds them as soon as others.
 * @throws what the queue throws
 */
export async function sendWakeUps(
  { deliveries, wakeUps }: SendWakeUpDependencies,
  sending: readonly WakeUp[],
  rows: readonly Delivery[],
): Promise<void> {
  try {
    await wakeUps.send(sending);
  } catch (unsent) {
    const slow = rows.filter(({ inSlowLane }) => inSlowLane);
    // Whose wake-up was sent all the same has gone on, or gets another that is out of date.
    await mapAtOnce(slow, writesAtOnce, (row) =>
      deliveries.replace(inLane(row, 'usual'), row).catch(() => false),
    );
    throw unsent;
  }
}
