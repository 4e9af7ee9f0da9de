import type { Lane } from '../app/ports/wake-ups.ts';
import { environment } from './environment.ts';

/** The URLs of the queues for wake-ups, by lane. */
export function wakeUpQueueUrls(): Record<Lane, string> {
  return { usual: environment('WAKE_UP_QUEUE'), slow: environment('SLOW_WAKE_UP_QUEUE') };
}
