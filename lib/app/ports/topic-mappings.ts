import type { TopicMapping } from '../../core/topic-mapping.ts';

/** What an org has set for its ledgers' events. */
export interface OrgTopicMapping {
  /** The org's. */
  readonly id: string;
  readonly orgId: string;
  /** As `formatTopicMapping` writes it. */
  readonly mapping: string;
  readonly updatedAt: string;
}

/** Reads the mapping of an org: what it has set, within seconds, else the default one. */
export interface TopicMappingReader {
  read(orgId: string): Promise<TopicMapping>;
}
