import type { FanOutJob } from '../core/fan-out.ts';
import type { JournalEvent } from '../core/journal.ts';
import { route } from '../core/routing.ts';
import type { FilterOf } from './endpoint-filters.ts';
import { reserveSlots } from './endpoint-slots.ts';
import {
  type FirstAttemptDependencies,
  deliverFirst,
  firstDelivery,
  unfinishedOf,
  wakeUpsFor,
} from './first-attempts.ts';
import type { EndpointMarker, EndpointReader } from './ports/endpoints.ts';
import type { EventReader } from './ports/events.ts';
import type { FanOutQueue, FanOutStore } from './ports/fan-outs.ts';
import type { RateSlots } from './ports/rate-slots.ts';
import { ownerOf } from './route-events.ts';
import { type SendWakeUpDependencies, sendWakeUps } from './send-wake-ups.ts';

export interface FanOutDependencies extends FirstAttemptDependencies, SendWakeUpDependencies {
  readonly events: Pick<EventReader, 'read'>;
  readonly endpoints: EndpointReader & EndpointMarker;
  readonly filterOf: FilterOf;
  readonly jobs: FanOutStore;
  readonly queue: FanOutQueue;
  readonly slots: RateSlots;
  /** Milliseconds that the first attempts of one page may take. */
  readonly inlineBudgetMs: number;
}

/** An invocation begins no further page after this long, and hands the rest to another. */
const mostWorkMs = 10_000;
/** How long a job is ours: longer than an invocation lasts, shorter than its message stays hidden. */
const leaseMs = 35_000;

export interface FanOutProgress {
  /** Pages dealt with in this invocation. */
  readonly pages: number;
  readonly done: boolean;
  /** Why wake-ups could not be sent. Their deliveries wait for the sweep. */
  readonly unsent?: unknown;
}

/**
 * Goes on with a fan-out job: routes its event to one page of endpoints after the other, delivers to each page as
 * ingest does, and writes down how far it came.
 * @returns how far it came; undefined when there was nothing to do, `leased` when another is at it
 * @throws when a store cannot be reached; the job goes on with the same page later
 */
export async function runFanOut(
  dependencies: FanOutDependencies,
  eventId: string,
): Promise<FanOutProgress | 'leased' | undefined> {
  const { jobs, events, queue, now } = dependencies;
  const startedMs = now();
  const untilMs = startedMs + leaseMs;
  const taken = await jobs.take(eventId, untilMs);
  if (taken === undefined || taken === 'leased') return taken;
  let job = taken;
  let unsent: unknown;
  try {
    const event = await events.read(eventId);
    // A job is written after its event, and they expire together.
    if (!event) return undefined;
    while (!job.done && now() - startedMs < mostWorkMs) {
      const { next, failure } = await runPage(dependencies, job, event);
      job = next;
      unsent ??= failure;
    }
  } finally {
    await jobs.release(eventId, untilMs);
  }
  if (!job.done) await queue.send([eventId]);
  return { pages: job.pages - taken.pages, done: job.done, ...(unsent !== undefined && { unsent }) };
}

async function runPage(dependencies: FanOutDependencies, job: FanOutJob, event: JournalEvent) {
  const { endpoints, filterOf, jobs, slots, inlineBudgetMs, now } = dependencies;
  const { items, nextCursor } = await endpoints.page(ownerOf(event.target), job.cursor);
  const { endpoints: receivers, notDelivered, moreNotDelivered } = route(event, items, filterOf);
  const nextSlot = await reserveSlots(slots, receivers);
  const deadlineMs = now() + inlineBudgetMs;
  const outcomes = await deliverFirst(dependencies, event.id, event, receivers, nextSlot, deadlineMs);
  const unfinished = unfinishedOf(dependencies, outcomes);
  const deliveries = outcomes.map(({ delivery }) => firstDelivery(delivery));
  const page = { deliveries, notDelivered, moreNotDelivered };
  const next = await jobs.finishPage(job, page, unfinished, nextCursor);
  const wakeUps = wakeUpsFor(dependencies, unfinished, event);
  const failure = await sendWakeUps(dependencies, wakeUps, unfinished).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { next, failure };
}
