import { type TopicMapping, defaultTopicMapping, parseTopicMapping } from '../core/topic-mapping.ts';
import type { OrgTopicMapping } from './ports/topic-mappings.ts';

/** The mapping that an org has set, else the default one. */
export function mappingOf(found: OrgTopicMapping | undefined): TopicMapping {
  if (!found) return defaultTopicMapping;
  const parsed = parseTopicMapping(found.mapping);
  if ('faults' in parsed) throw new Error(`the topic mapping of ${found.orgId} is none: '${found.mapping}'`);
  return parsed.mapping;
}
