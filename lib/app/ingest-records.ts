import type { JournalEvent } from '../core/journal.ts';
import type { SourceConfig } from '../core/source.ts';
import type { SourceRecord } from '../core/source-record.ts';
import { type NextSlot, reserveSlots } from './endpoint-slots.ts';
import {
  type FirstAttemptDependencies,
  deliverFirst,
  firstDelivery,
  unfinishedOf,
  wakeUpsFor,
} from './first-attempts.ts';
import type { IngestStore } from './ports/events.ts';
import type { FanOutQueue } from './ports/fan-outs.ts';
import type { RateSlots } from './ports/rate-slots.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';
import { type ReadDependencies, readRecords } from './read-records.ts';
import { type RouteDependencies, type RoutedEvent, routeEvents, toNobody } from './route-events.ts';

export type IngestDependencies = ReadDependencies &
  RouteDependencies &
  FirstAttemptDependencies & {
    /** Milliseconds that first attempts may take in one invocation. */
    readonly inlineBudgetMs: number;
    readonly store: IngestStore;
    readonly slots: RateSlots;
    readonly wakeUps: WakeUpQueue;
    readonly fanOutQueue: FanOutQueue;
  };

/** What became of a batch. The counts are for the log line. */
export interface IngestOutcome {
  readonly counts: Readonly<Record<IngestCount, number>>;
  /** The first of the events that no endpoint receives, so that the log leads to their traces. */
  readonly unmatched: readonly { readonly eventId: string; readonly reasons: readonly string[] }[];
  /** Why messages could not be sent. What they were for waits for the sweep. */
  readonly unsent?: unknown;
  /** Why some of the records are to come again, where that is a failure. */
  readonly failure?: unknown;
  /** Records that were not looked at for want of time. They are to come again; everything else is dealt with. */
  readonly unreached: readonly SourceRecord[];
}

type IngestCount = 'records' | 'delivered' | 'queued' | 'fanOuts' | 'duplicates' | 'skipped' | 'quarantined';

/** Of no record at all. */
export const nothingIngested: IngestOutcome = {
  counts: { records: 0, delivered: 0, queued: 0, fanOuts: 0, duplicates: 0, skipped: 0, quarantined: 0 },
  unmatched: [],
  unreached: [],
};

/**
 * Turns a batch of records into events, delivers what can be delivered at once, and leaves the rest durably queued
 * or quarantined.
 * @param config what is set for the source at run time
 * @param deadlineMs when no further transform begins, milliseconds since 1970
 * @returns when nothing of the batch can be lost any more, but for what it names as unreached
 * @throws when a store cannot be reached; the whole batch is then to come again, and keeps its ids
 */
export async function ingestRecords(
  dependencies: IngestDependencies,
  config: SourceConfig | undefined,
  records: readonly SourceRecord[],
  deadlineMs: number,
): Promise<IngestOutcome> {
  const { now, inlineBudgetMs } = dependencies;
  const { accepted, skipped, quarantined, unreached } = await readRecords(
    dependencies,
    config,
    records,
    deadlineMs,
  );
  // All of it before the first attempt: a batch that cannot be routed comes again, and should then send nothing twice.
  const routed = withinBounds(await routeEvents(dependencies, accepted));
  const receivers = routed.flatMap(({ routing }) => routing.endpoints);
  const nextSlot = await reserveSlots(dependencies.slots, receivers);
  const attemptsEndMs = now() + inlineBudgetMs;
  const outcomes = await Promise.all(
    routed.map((event) => deliverEvent(dependencies, event, nextSlot, attemptsEndMs)),
  );

  const events = outcomes.map(({ event }) => event);
  const deliveries = outcomes.flatMap(({ unfinished }) => unfinished.map(({ delivery }) => delivery));
  await dependencies.store.write({
    events,
    skipped,
    deliveries,
    quarantined,
  });
  // From here on nothing can be lost: what no message is sent for stays due, and the sweep sends another.
  const fanOuts = events.filter(({ fanOut }) => fanOut).map(({ id }) => id);
  const unsent = await firstFailure([
    dependencies.wakeUps.send(
      outcomes.flatMap(({ event, unfinished }) => wakeUpsFor(dependencies, unfinished, event)),
    ),
    dependencies.fanOutQueue.send(fanOuts),
  ]);

  return {
    counts: {
      records: records.length - unreached.length,
      delivered: receivers.length - deliveries.length,
      queued: deliveries.length,
      fanOuts: fanOuts.length,
      duplicates: events.filter(({ duplicateOf }) => duplicateOf !== undefined).length,
      skipped: skipped.length,
      quarantined: quarantined.length,
    },
    unmatched: events.filter(isUnmatched).slice(0, mostUnmatched).map(describeUnmatched),
    ...(unsent !== undefined && { unsent }),
    unreached,
  };
}

/** Deliveries that one invocation makes. A transform may make many events of a record, each for many endpoints. */
const mostDeliveries = 5_000;

/** The events, of which those beyond the bound are left to fan-out jobs. */
function withinBounds(routed: readonly RoutedEvent[]): RoutedEvent[] {
  let deliveries = 0;
  return routed.map((one) => {
    const { endpoints } = one.routing;
    if (one.event.target.type === 'single' || deliveries + endpoints.length <= mostDeliveries) {
      deliveries += endpoints.length;
      return one;
    }
    return { ...one, routing: toNobody, needsFanOut: true };
  });
}

/** An event's journal entry, and the deliveries that did not end inside this invocation. */
async function deliverEvent(
  dependencies: IngestDependencies,
  routed: RoutedEvent,
  nextSlot: NextSlot,
  deadlineMs: number,
) {
  const { id, record, index, event, routing, duplicateOf, needsFanOut, transformVersion } = routed;
  const { endpoints } = routing;
  const outcomes = await deliverFirst(dependencies, id, event, endpoints, nextSlot, deadlineMs);
  const { partition, offset, timestampMs } = record;
  const journalled: JournalEvent = {
    ...event,
    id,
    timeMs: timestampMs,
    address: { source: dependencies.source.number, partition, offset, index },
    ...(duplicateOf && { duplicateOf }),
    ...(transformVersion && { transformVersion }),
    ...(needsFanOut && { fanOut: 'running' }),
    deliveries: outcomes.map(({ delivery }) => firstDelivery(delivery)),
    notDelivered: routing.notDelivered,
    moreNotDelivered: routing.moreNotDelivered,
  };
  return { event: journalled, unfinished: unfinishedOf(outcomes) };
}

/** The reason of the first that fails, once all have ended. */
async function firstFailure(work: readonly Promise<void>[]): Promise<unknown> {
  const results = await Promise.allSettled(work);
  return results.find((result) => result.status === 'rejected')?.reason;
}

/** In one log line. */
const mostUnmatched = 20;

function isUnmatched({ deliveries, duplicateOf, fanOut }: JournalEvent): boolean {
  return deliveries.length === 0 && duplicateOf === undefined && !fanOut;
}

function describeUnmatched({ id, notDelivered }: JournalEvent) {
  const reasons = [...new Set(notDelivered.map(({ reason }) => reason))];
  return { eventId: id, reasons: reasons.length > 0 ? reasons : ['no_endpoints'] };
}
