import type { Delivery } from '../../core/delivery.ts';
import type { FanOutJob, FanOutPage } from '../../core/fan-out.ts';

export interface FanOutStore {
  /**
   * Takes a job on for some time, so that a message that comes twice does nothing twice.
   * @param untilMs when another may take it, milliseconds since 1970
   * @returns `leased` while another has it; undefined when there is no such job, or it is done
   */
  take(eventId: string, untilMs: number): Promise<FanOutJob | 'leased' | undefined>;
  /**
   * Writes what a page came to, durably, and then that the job has come so far.
   * @param unfinished the deliveries of the page that did not end at once
   * @param next where the next page begins; undefined when this was the last
   * @returns the job as it stands now
   * @throws when another has gone on with the job meanwhile
   */
  finishPage(
    job: FanOutJob,
    page: FanOutPage,
    unfinished: readonly Delivery[],
    next: string | undefined,
  ): Promise<FanOutJob>;
  /** Lets others take the job at once. `untilMs` is what it was taken with. */
  release(eventId: string, untilMs: number): Promise<void>;
}

export interface FanOutQueue {
  /** Has these jobs gone on with. Sends all or rejects; one that gets lost is sent again by the sweep. */
  send(eventIds: readonly string[]): Promise<void>;
}
