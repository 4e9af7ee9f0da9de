import type { SourceConfig } from '../../core/source.ts';

export interface SourceReader {
  /**
   * What was set for the source at run time; undefined when nothing was. May be some seconds old. When the store
   * cannot be read for longer than that it rejects: a record is never taken for one that needs no transform.
   */
  read(name: string): Promise<SourceConfig | undefined>;
}
