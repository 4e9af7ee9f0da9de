import { orgShortage } from '../../core/stream-capacity.ts';
import { Problem } from './problem.ts';

/**
 * @param path the field that asks for more topics, or for more partitions of them
 * @param topics how many the org has
 * @param more how many are to be made
 * @throws Problem where they have more partitions than an org may
 */
export function checkPartitions(path: string, topics: number, more: number, partitions: number): void {
  const shortage = orgShortage(topics, more, partitions);
  if (!shortage) return;
  const { used, most } = shortage;
  const message = `makes ${more} topics of ${partitions} partitions; an org has ${most} partitions at most, of which ${used} are used`;
  throw new Problem('conflict', 'The org would have too many partitions.', [{ path, message }]);
}
