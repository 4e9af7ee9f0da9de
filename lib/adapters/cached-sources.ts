import type { Documents } from '../app/ports/documents.ts';
import type { SourceReader } from '../app/ports/sources.ts';
import type { SourceConfig } from '../core/source.ts';
import { createCachedReads } from './cached-reads.ts';

/** What is set for sources, from the config table, kept for seconds. */
export function createCachedSources(documents: Documents<SourceConfig>, now: () => number): SourceReader {
  const reads = createCachedReads(now);
  return { read: (name) => reads.read(name, () => documents.get(name)) };
}
