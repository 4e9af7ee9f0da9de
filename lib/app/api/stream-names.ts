import type { SourceDescription } from '../../core/source.ts';
import { streamPrefix } from '../../core/stream.ts';
import { Problem } from './problem.ts';

/** What Fanout ingests. */
export type SourceTopics = readonly Pick<SourceDescription, 'topic'>[];

/**
 * An org's mapping makes topics of its own readable and writable for it, by any name behind its prefix: with that of a source's
 * topic it would read what is ingested for all, and add to it.
 * @throws Problem where a source's topic has the prefix
 */
export function checkStreamNames(sources: SourceTopics, orgId: string): void {
  const prefix = streamPrefix(orgId);
  if (!sources.some(({ topic }) => topic.startsWith(prefix))) return;
  const detail = `Topics that Fanout ingests begin with '${prefix}', so that this org can have none: take another id for it.`;
  throw new Problem('conflict', detail);
}
