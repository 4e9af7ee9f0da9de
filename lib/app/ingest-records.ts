import type { JournalEvent } from '../core/journal.ts';
import type { SourceRecord } from '../core/record-event.ts';
import { type FirstAttemptDependencies, deliverFirst } from './first-attempts.ts';
import type { IngestStore } from './ports/events.ts';
import type { WakeUpQueue } from './ports/wake-ups.ts';
import { type RouteDependencies, routeRecords } from './route-records.ts';
import { wakeUpFor } from './wake-up-for.ts';

export type IngestDependencies = RouteDependencies &
  FirstAttemptDependencies & {
    /** Milliseconds that first attempts may take in one invocation. */
    readonly inlineBudgetMs: number;
    readonly store: IngestStore;
    readonly wakeUps: WakeUpQueue;
  };

/** How many records came to what; for the log line. */
export interface IngestCounts {
  readonly records: number;
  readonly delivered: number;
  readonly queued: number;
  readonly duplicates: number;
  readonly quarantined: number;
  /** The first of the events that no endpoint receives, so that the log leads to their traces. */
  readonly unmatched: readonly { readonly eventId: string; readonly reasons: readonly string[] }[];
  /** Why wake-ups could not be sent. Their deliveries wait for the sweep. */
  readonly wakeUpsUnsent?: unknown;
}

/**
 * Turns a batch of records into events, delivers what can be delivered at once, and leaves the rest durably queued
 * or quarantined.
 * @returns when nothing of the batch can be lost any more
 * @throws when a store cannot be reached; the whole batch is then to come again, and keeps its ids
 */
export async function ingestRecords(
  dependencies: IngestDependencies,
  records: readonly SourceRecord[],
): Promise<IngestCounts> {
  // All of it before the first attempt: a batch that cannot be routed comes again, and should then send nothing twice.
  const { routed, quarantined } = await routeRecords(dependencies, records);
  const deadlineMs = dependencies.now() + dependencies.inlineBudgetMs;
  const outcomes = await Promise.all(routed.map((event) => deliverFirst(dependencies, event, deadlineMs)));
  const unfinished = outcomes.flatMap(({ unfinished }) => unfinished);

  const events = outcomes.map(({ event }) => event);
  await dependencies.store.write({
    events,
    deliveries: unfinished.map(({ delivery }) => delivery),
    quarantined,
  });
  // From here on nothing can be lost: a delivery whose wake-up is not sent stays due, and the sweep sends another.
  const nowMs = dependencies.now();
  const wakeUps = unfinished.flatMap(({ delivery, body }) => wakeUpFor(delivery, nowMs, body) ?? []);
  const unsent = await dependencies.wakeUps.send(wakeUps).then(
    () => undefined,
    (error: unknown) => error,
  );

  const deliveries = events.reduce((sum, event) => sum + event.deliveries.length, 0);
  return {
    records: records.length,
    delivered: deliveries - unfinished.length,
    queued: unfinished.length,
    duplicates: routed.filter(({ duplicateOf }) => duplicateOf !== undefined).length,
    quarantined: quarantined.length,
    unmatched: events.filter(isUnmatched).slice(0, mostUnmatched).map(describeUnmatched),
    ...(unsent !== undefined && { wakeUpsUnsent: unsent }),
  };
}

/** In one log line. */
const mostUnmatched = 20;

function isUnmatched({ deliveries, duplicateOf }: JournalEvent): boolean {
  return deliveries.length === 0 && duplicateOf === undefined;
}

function describeUnmatched({ id, notDelivered }: JournalEvent) {
  const reasons = [...new Set(notDelivered.map(({ reason }) => reason))];
  return { eventId: id, reasons: reasons.length > 0 ? reasons : ['no_endpoints'] };
}
