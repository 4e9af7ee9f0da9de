import type { Offsets } from 'kafkajs';
import type { KafkaAssignment } from './kafka-assignment.ts';

/**
 * The function that commits, as each batch carries it. Unlike `consumer.commitOffsets` it does not try again by
 * itself: a late try could commit, for a new generation of the group, what belongs to a partition given away.
 */
export type Commit = (offsets: Offsets) => Promise<void>;

/** Commits what is done, a moment after it is done. */
export interface KafkaCommits {
  /** There is something new to commit. */
  soon(): void;
  /** Commits now what is done, and resolves when the broker has answered; a failure is tried again later. */
  now(): Promise<void>;
  /** The way to commit, which each consumer has its own of; undefined when there is none. */
  through(commit: Commit | undefined): void;
}

/** Each commit costs the broker a write; records that are done twice after a crash cost the function more. */
const intervalMs = 50;
const retryMs = 500;

export function createKafkaCommits(topic: string, assignment: KafkaAssignment): KafkaCommits {
  let commit: Commit | undefined;
  let timer: NodeJS.Timeout | undefined;
  let committing: Promise<void> | undefined;

  function schedule(milliseconds: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void now();
    }, milliseconds);
  }

  async function now(): Promise<void> {
    await committing;
    committing ??= commitProgress().finally(() => (committing = undefined));
    await committing;
  }

  async function commitProgress(): Promise<void> {
    const progress = assignment.progress();
    if (progress.length === 0 || !commit) return;
    const partitions = progress.map(({ number, offset }) => ({ partition: number, offset: String(offset) }));
    try {
      await commit({ topics: [{ topic, partitions }] });
      for (const { partition, offset } of progress) partition.committed(offset);
    } catch {
      // The group is being rearranged, or Kafka is away: both are noticed, and said, where records are fetched.
      schedule(retryMs);
    }
  }

  return {
    soon: () => schedule(intervalMs),
    now,
    through(next) {
      commit = next;
    },
  };
}
