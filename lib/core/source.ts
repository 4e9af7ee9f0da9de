import type { Transform } from './transform.ts';

/** What stands in place of a source's name where events were published over HTTP. */
export const publishedName = 'api';

/** What of a source can be changed at run time. The rest of it is infrastructure. */
export interface SourceConfig {
  /** The source's name, as in the stage's settings. */
  readonly id: string;
  readonly transform?: VersionedTransform;
  /** How many versions of its transform there have been. */
  readonly transformVersions: number;
  /** Records a second, over all partitions. Without it, the stage's. */
  readonly rateLimit?: number;
  /** Records that are quarantined without being looked at. */
  readonly skips: readonly RecordPosition[];
  /** RFC 3339. */
  readonly updatedAt: string;
}

export interface VersionedTransform extends Transform {
  /** 1 for the source's first transform; each change of it counts on. */
  readonly version: number;
}

/** Where a record stands in its source's topic. */
export interface RecordPosition {
  readonly partition: number;
  readonly offset: number;
}

/** What of a source is infrastructure, as far as functions are told. */
export interface SourceDescription {
  readonly name: string;
  /** In event ids. */
  readonly number: number;
  readonly topic: string;
  readonly partitions: number;
  /** Records of a batch at most. */
  readonly batchSize: number;
  /** Records a second, where the stage sets a limit. */
  readonly rateLimit?: number;
  /** `msk/iam`, `self-managed/plain`, … */
  readonly cluster: string;
}
