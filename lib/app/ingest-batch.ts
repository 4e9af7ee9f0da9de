import { setTimeout as wait } from 'node:timers/promises';
import { chunks } from '../core/chunks.ts';
import type { SourceRecord } from '../core/source-record.ts';
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
/** The longest that a batch waits for its time and takes it up, all in all; `leastRateLimit` goes by 40 s of it. */
const mostPacedMs = 42_000;
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
  if (rateLimit !== undefined) return ingestPaced(dependencies, records, rateLimit);
  return ingestRecords(dependencies, config, records, now() + transformBudgetMs);
}

interface Piece {
  readonly records: readonly SourceRecord[];
  readonly dueMs: number;
}

async function ingestPaced(
  dependencies: BatchDependencies,
  records: readonly SourceRecord[],
  rateLimit: number,
): Promise<IngestOutcome> {
  const { slots, source, now } = dependencies;
  const endMs = now() + mostPacedMs;
  // A rate that was set for smaller batches lets only some of these through.
  const fitting = records.slice(0, Math.max(Math.floor((rateLimit * mostPacedMs) / 2000), 1));
  const durationMs = Math.ceil((fitting.length / rateLimit) * 1000);
  const startMs = await slots.reserve(source.name, durationMs, endMs - durationMs);
  // So much is reserved by other partitions already that waiting for it would outlast this invocation.
  if (startMs === undefined) return { ...nothingIngested, unreached: records };

  const pieceSize = Math.max(Math.floor((rateLimit * pieceMs) / 1000), 1);
  const pieces = chunks(fitting, pieceSize).map((piece, number) => {
    return { records: piece, dueMs: startMs + (number * pieceSize * 1000) / rateLimit };
  });
  // A piece does not wait for the one before it to be answered: a silent endpoint would take the rate down.
  const results = await Promise.allSettled(pieces.map((piece) => ingestPiece(dependencies, piece, endMs)));
  return merge(pieces, results, records.slice(fitting.length));
}

/** With what is set for the source when its time has come. */
async function ingestPiece(
  dependencies: BatchDependencies,
  { records, dueMs }: Piece,
  endMs: number,
): Promise<IngestOutcome> {
  const { sources, source, now } = dependencies;
  await wait(Math.max(dueMs - now(), 0));
  if (now() > endMs) return { ...nothingIngested, unreached: records };
  const config = await sources.read(source.name);
  return ingestRecords(dependencies, config, records, Math.min(now() + transformBudgetMs, endMs));
}

/**
 * Together. From the first piece that failed on everything comes again, what went well behind it too: a partition goes on
 * from one offset.
 * @param left records that belong to no piece
 * @throws what the first piece threw when nothing before it went well
 */
function merge(
  pieces: readonly Piece[],
  results: readonly PromiseSettledResult<IngestOutcome>[],
  left: readonly SourceRecord[],
): IngestOutcome {
  const [first] = results;
  if (first?.status === 'rejected') throw first.reason;
  const counts = { ...nothingIngested.counts };
  const unmatched: IngestOutcome['unmatched'][number][] = [];
  const unreached: SourceRecord[] = [];
  let unsent: unknown;
  let failure: unknown;
  for (const [at, result] of results.entries()) {
    if (result.status === 'rejected') {
      failure ??= result.reason;
      unreached.push(...pieces[at]!.records);
      continue;
    }
    const outcome = result.value;
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += outcome.counts[name];
    unmatched.push(...outcome.unmatched);
    unreached.push(...outcome.unreached);
    unsent ??= outcome.unsent;
  }
  return {
    counts,
    unmatched,
    ...(unsent !== undefined && { unsent }),
    ...(failure !== undefined && { failure }),
    unreached: [...unreached, ...left],
  };
}
