import type { JournalEvent } from '../core/journal.ts';
import type { SourceConfig } from '../core/source.ts';
import type { SourceRecord } from '../core/source-record.ts';
import {
  type DeliverRoutedDependencies,
  type SendOnDependencies,
  deliverRouted,
  sendOn,
  withinBounds,
} from './deliver-routed.ts';
import type { IngestStore } from './ports/events.ts';
import { type ReadDependencies, readRecords } from './read-records.ts';
import { type RouteDependencies, routeEvents } from './route-events.ts';

export type IngestDependencies = ReadDependencies &
  RouteDependencies &
  DeliverRoutedDependencies &
  SendOnDependencies & { readonly store: IngestStore };

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
  const { accepted, skipped, quarantined, unreached } = await readRecords(
    dependencies,
    config,
    records,
    deadlineMs,
  );
  // All of it before the first attempt: a batch that cannot be routed comes again, and should then send nothing twice.
  const routed = withinBounds(await routeEvents(dependencies, accepted), { inAll: mostDeliveries });
  const delivered = await deliverRouted(dependencies, routed);

  const events = delivered.map(({ event }) => event);
  const deliveries = delivered.flatMap(({ unfinished }) => unfinished);
  await dependencies.store.write({
    events,
    skipped,
    deliveries,
    quarantined,
  });
  // From here on nothing can be lost.
  const unsent = await sendOn(dependencies, delivered);

  return {
    counts: {
      records: records.length - unreached.length,
      delivered: events.flatMap((event) => event.deliveries).length - deliveries.length,
      queued: deliveries.length,
      fanOuts: events.filter(({ fanOut }) => fanOut).length,
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

/** In one log line. */
const mostUnmatched = 20;

function isUnmatched({ deliveries, duplicateOf, fanOut }: JournalEvent): boolean {
  return deliveries.length === 0 && duplicateOf === undefined && !fanOut;
}

function describeUnmatched({ id, notDelivered }: JournalEvent) {
  const reasons = [...new Set(notDelivered.map(({ reason }) => reason))];
  return { eventId: id, reasons: reasons.length > 0 ? reasons : ['no_endpoints'] };
}
