import type { QuarantinedRecord } from '../core/quarantine.ts';
import { type IngestDependencies, type IngestOutcome, ingestRecords } from './ingest-records.ts';
import type { SourceReader } from './ports/sources.ts';

export type RedriveDependencies = IngestDependencies & { readonly sources: SourceReader };

/** The whole of an API call is 29 s. */
const transformMs = 5_000;

/**
 * Lets a quarantined record go through the pipeline once more, with what is set for its source now, under its own
 * coordinates and so with the id that it would have had.
 * @returns what became of it; it may be quarantined anew
 */
export async function redrive(
  dependencies: RedriveDependencies,
  { record }: QuarantinedRecord,
): Promise<IngestOutcome> {
  const { sources, source, now } = dependencies;
  const config = await sources.read(source.name);
  // Whoever redrives a record that was skipped wants it after all.
  const unskipped = config && { ...config, skips: [] };
  return ingestRecords(dependencies, unskipped, [record], now() + transformMs);
}
