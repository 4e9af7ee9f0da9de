import { setTimeout as wait } from 'node:timers/promises';
import { chunks } from '../core/chunks.ts';
import type { SourceRecord } from '../core/source-record.ts';
import type { SourceConfig } from '../core/source.ts';
import {
  type IngestDependencies,
  type IngestOutcome,
  ingestRecords,
  nothingIngested,
} from './ingest-records.ts';
import type { RateSlots } from './ports/rate-slots.ts';
import type { SourceReader } from './ports/sources.ts';

export type BatchDependencies = IngestDependencies & {
  readonly sources: SourceReader;
  readonly slots: RateSlots;
  /** Records a second where nothing else is set for the source; undefined for as many as there are. */
  readonly rateLimit: number | undefined;
};

/** What transforms may take of one invocation, so that looping ones cannot hold a partition up. */
const transformBudgetMs = 20_000;
/** The longest that a batch waits for its time, and takes it up, all in all. The function ends at 60 s. */
const mostPacedMs = 40_000;
/** With a rate limit, records go on in pieces of this long, so that they come evenly. */
const pieceMs = 250;

/**
 * Ingests a batch of a source's records with what is set for the source, at its rate.
 * @returns what became of the batch; what it names as unreached is to come again
 * @throws when a store cannot be reached; the whole batch is then to come again, and keeps its ids
 */
export async function ingestBatch(
  dependencies: BatchDependencies,
  records: readonly SourceRecord[],
): Promise<IngestOutcome> {
  const { sources, source, now } = dependencies;
  const config = await sources.read(source.name);
  const rateLimit = config?.rateLimit ?? dependencies.rateLimit;
  if (rateLimit !== undefined) return ingestPaced(dependencies, config, records, rateLimit);
  return ingestRecords(dependencies, config, records, now() + transformBudgetMs);
}

async function ingestPaced(
  dependencies: BatchDependencies,
  config: SourceConfig | undefined,
  records: readonly SourceRecord[],
  rateLimit: number,
): Promise<IngestOutcome> {
  const { slots, source, now } = dependencies;
  const endMs = now() + mostPacedMs;
  const durationMs = Math.ceil((records.length / rateLimit) * 1000);
  const startMs = await slots.reserve(source.name, durationMs, endMs - durationMs);
  // So much is reserved by other partitions already that waiting for it would outlast this invocation.
  if (startMs === undefined) return { ...nothingIngested, unreached: records };

  const pieceSize = Math.max(Math.floor((rateLimit * pieceMs) / 1000), 1);
  const outcomes: IngestOutcome[] = [];
  for (const [number, piece] of chunks(records, pieceSize).entries()) {
    const dueMs = startMs + (number * pieceSize * 1000) / rateLimit;
    await wait(Math.max(dueMs - now(), 0));
    const deadlineMs = Math.min(now() + transformBudgetMs, endMs);
    const outcome = await ingestRecords(dependencies, config, piece, deadlineMs);
    outcomes.push(outcome);
    if (outcome.unreached.length > 0) {
      const done = (number + 1) * pieceSize;
      return merge(outcomes, [...outcome.unreached, ...records.slice(done)]);
    }
  }
  return merge(outcomes, []);
}

function merge(outcomes: readonly IngestOutcome[], unreached: readonly SourceRecord[]): IngestOutcome {
  const counts = { ...nothingIngested.counts };
  for (const outcome of outcomes) {
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += outcome.counts[name];
  }
  const unsent = outcomes.find((outcome) => outcome.unsent !== undefined)?.unsent;
  return {
    counts,
    unmatched: outcomes.flatMap(({ unmatched }) => unmatched),
    ...(unsent !== undefined && { unsent }),
    unreached,
  };
}
