import { z } from 'zod';
import type { FieldFault } from '../../core/field-faults.ts';
import { ledgerEventTypes } from '../../core/ledger-payloads.ts';
import type { Org } from '../../core/org.ts';
import { topicName } from '../../core/stream.ts';
import {
  type TopicMapping,
  formatTopicMapping,
  parseTopicMapping,
  topicFor,
  topicsOf,
} from '../../core/topic-mapping.ts';
import type { Documents } from '../ports/documents.ts';
import type { OrgTopicMapping } from '../ports/topic-mappings.ts';
import { type StreamJobDependencies, extendStream } from '../stream-jobs.ts';
import { mappingOf } from '../topic-mappings.ts';
import { type Operations, withBody } from './operation.ts';
import { Problem, fieldsNotValid, notFound } from './problem.ts';
import { type SourceTopics, checkStreamNames } from './stream-names.ts';
import { checkPartitions } from './stream-partitions.ts';

export interface TopicMappingDependencies {
  readonly mappings: Documents<OrgTopicMapping>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly streamJobs: StreamJobDependencies;
  readonly sources: SourceTopics;
  readonly now: () => number;
}

const newMapping = z.strictObject({ mapping: z.unknown() });

/** Topics of a stream at most, those of former mappings too: their records are kept until the stream is removed. */
const mostTopics = 24;

/** Which of an org's topics the events of its ledgers go to. */
export function topicMappingOperations(dependencies: TopicMappingDependencies): Operations {
  const { mappings, orgs, streamJobs, sources, now } = dependencies;
  return {
    'PUT /v1/orgs/{org}/topic-mapping': withBody(['publisher'], newMapping, async ({ path, body }) => {
      const orgId = path['org']!;
      checkStreamNames(sources, orgId);
      const parsed = parseTopicMapping(body.mapping);
      if ('faults' in parsed) throw invalidMapping(parsed.faults);
      const { mapping } = parsed;
      await checkRoom(orgId, mapping);
      const wanted: OrgTopicMapping = {
        id: orgId,
        orgId,
        mapping: formatTopicMapping(mapping),
        updatedAt: new Date(now()).toISOString(),
      };
      if ((await mappings.create(wanted)) === 'no_org') throw notFound('org', orgId);
      await mappings.update(orgId, (found) => (found.mapping === wanted.mapping ? found : wanted));
      // Whoever provisions the stream from now on reads the mapping, and makes the topics.
      await extendStream(streamJobs, orgId, topicsOf(mapping));
      return { status: 200, body: present(orgId, mapping) };
    }),

    'GET /v1/orgs/{org}/topic-mapping': {
      roles: ['publisher', 'tenant'],
      async run({ path }) {
        const orgId = path['org']!;
        const found = await mappings.get(orgId);
        if (!found && !(await orgs.get(orgId))) throw notFound('org', orgId);
        return { status: 200, body: present(orgId, mappingOf(found)) };
      },
    },
  };

  /** A mapping costs the cluster topics that it keeps. */
  async function checkRoom(orgId: string, mapping: TopicMapping): Promise<void> {
    const { topics = [], partitions = 1 } = (await streamJobs.streams.get(orgId)) ?? {};
    const count = new Set([...topics, ...topicsOf(mapping)]).size;
    if (count > mostTopics) {
      const message = `makes ${count} topics with those of former mappings; a stream has ${mostTopics} at most`;
      throw new Problem('conflict', 'The stream has too many topics.', [{ path: 'mapping', message }]);
    }
    checkPartitions('mapping', topics.length, count - topics.length, partitions);
  }
}

/** The mapping as text, and where each type goes by it. */
function present(orgId: string, mapping: TopicMapping) {
  const topics = ledgerEventTypes.map((type) => [type, topicName(orgId, topicFor(mapping, type))] as const);
  return { mapping: formatTopicMapping(mapping), topics: Object.fromEntries(topics) };
}

function invalidMapping(faults: readonly FieldFault[]): Problem {
  return new Problem('invalid_request', `${fieldsNotValid(faults)}.`, faults);
}
