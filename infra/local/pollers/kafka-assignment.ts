import type { Batch } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Held, PartitionSettings } from './kafka-partition.ts';
import { KafkaPartition } from './kafka-partition.ts';

/** An offset to commit, and whose it is. */
export interface Progress {
  partition: KafkaPartition;
  number: number;
  offset: number;
}

/** The partitions that the group has given to this poller, through all its rearrangements and reconnections. */
export class KafkaAssignment {
  readonly #settings: PartitionSettings;
  readonly #partitions = new Map<number, KafkaPartition>();
  /** The last invocation of each partition ever held: a partition that comes back must not overtake it. */
  readonly #inFlight = new Map<number, Promise<void>>();
  #memberId: string | undefined;

  constructor(settings: PartitionSettings) {
    this.#settings = settings;
  }

  /**
   * The group has been rearranged. A partition that stays keeps what it holds, unless we are a new member: then the
   * group has been without us, and somebody else may have had all of them.
   */
  assign(memberId: string, numbers: readonly number[]): void {
    const stays = (number: number) => memberId === this.#memberId && numbers.includes(number);
    this.#memberId = memberId;
    for (const number of [...this.#partitions.keys()]) if (!stays(number)) this.#lose(number);
    for (const number of numbers) if (!this.#partitions.has(number)) this.#add(number);
  }

  /** There is no consumer any more. */
  loseAll(): void {
    this.#memberId = undefined;
    for (const number of [...this.#partitions.keys()]) this.#lose(number);
  }

  /** Takes in what was fetched; undefined when it is of a partition that is not ours any more. */
  hold(batch: Batch): Held | undefined {
    if (this.#partitions.get(batch.partition)?.isOlderThan(Number(batch.highWatermark))) {
      this.#lose(batch.partition);
      this.#add(batch.partition);
    }
    return this.#partitions.get(batch.partition)?.hold(batch);
  }

  /** What is done and not committed. */
  progress(): Progress[] {
    return [...this.#partitions].flatMap(([number, partition]) => {
      const offset = partition.toCommit;
      return offset === undefined ? [] : [{ partition, number, offset }];
    });
  }

  /** Starts no more invocations and waits for those in flight, but no longer than `milliseconds`. */
  async close(milliseconds: number): Promise<void> {
    const partitions = [...this.#partitions.values()];
    for (const partition of partitions) partition.close();
    const ended = Promise.all(partitions.map((partition) => partition.inFlight));
    await Promise.race([ended, sleep(milliseconds, undefined, { ref: false })]);
  }

  #add(number: number): void {
    const after = this.#inFlight.get(number) ?? Promise.resolve();
    this.#partitions.set(number, new KafkaPartition(number, after, this.#settings));
  }

  #lose(number: number): void {
    const partition = this.#partitions.get(number);
    if (!partition) return;
    partition.lose();
    this.#inFlight.set(number, partition.inFlight);
    this.#partitions.delete(number);
  }
}
