import { ownTopics, type Stream, topicName } from '../core/stream.ts';
import type { Documents } from './ports/documents.ts';

/**
 * Tells which topics are orgs' own. Any other may be there under a name that begins with an org's, on a cluster that is not
 * Fanout's alone, and is not to be written to.
 */
export interface OwnTopics {
  /** @param topics by their names on the cluster */
  has(orgId: string, topics: readonly string[]): Promise<boolean>;
}

interface Known {
  readonly topics: ReadonlySet<string>;
  readonly atMs: number;
}

/** A topic stays an org's own until the stream is removed, and then it is gone: brokers tell. */
const maxAgeMs = 5 * 60_000;
/** Of those beyond it, the one that was asked for first is forgotten. */
const mostOrgs = 10_000;

/** Reads an org's stream once in minutes, and whenever it has not had a topic that is asked for. */
export function createOwnTopics(
  streams: Pick<Documents<Pick<Stream, 'id' | 'orgId' | 'state' | 'ownTopics' | 'readyTopics'>>, 'get'>,
  now: () => number,
): OwnTopics {
  const known = new Map<string, Known>();
  const areIn = (found: Known | undefined, topics: readonly string[]): boolean =>
    found !== undefined && topics.every((topic) => found.topics.has(topic));

  return {
    async has(orgId, topics) {
      const found = known.get(orgId);
      if (areIn(found, topics) && now() - found!.atMs < maxAgeMs) return true;
      const atMs = now();
      const stream = await streams.get(orgId);
      known.delete(orgId);
      // What is published while it is removed goes with it.
      if (!stream || stream.state === 'deleting') return false;
      const read = { topics: new Set(ownTopics(stream).map((topic) => topicName(orgId, topic))), atMs };
      known.set(orgId, read);
      if (known.size > mostOrgs) known.delete(known.keys().next().value!);
      return areIn(read, topics);
    },
  };
}
