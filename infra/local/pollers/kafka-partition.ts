import type { Batch, KafkaMessage } from 'kafkajs';
import type { Outage } from '../outage.ts';
import { backoffMs } from './backoff.ts';
import { readKafkaAnswer } from './batch-answer.ts';
import { eventBytes, partitionName } from './kafka-event.ts';

/** What the partitions of one poller have in common. */
export interface PartitionSettings {
  topic: string;
  batchSize: number;
  windowMs: number;
  reportBatchItemFailures: boolean;
  outage: Outage;
  /** Hands records of one partition to the function. */
  invoke(partition: number, messages: KafkaMessage[]): Promise<unknown>;
  /** Records are done and can be committed. */
  progressed(): void;
  /** Fetching may go on: there is room again. */
  roomAgain(partition: number): void;
}

/** What to do about a fetched batch: go on, fetch no more for now, or fetch again from an earlier offset. */
export type Held = { kind: 'held' } | { kind: 'full' } | { kind: 'gap'; from: number };

interface HeldRecord {
  message: KafkaMessage;
  offset: number;
  /** What to commit when this record is done: the next offset, beyond transaction markers at a fetch's end. */
  next: number;
  bytes: number;
  heldSince: number;
}

/** "The maximum invocation payload is 6 MB", base64 included. */
const maximumBatchBytes = 6 * 1024 * 1024;
const pauseAboveRecords = 2_000;
const resumeBelowRecords = 500;
const pauseAboveBytes = 16 * 1024 * 1024;
const resumeBelowBytes = 8 * 1024 * 1024;

/**
 * One assigned partition: holds what was fetched, keeps one invocation in flight, and knows what is done. It is an
 * assignment's token as well: once `lose` is called, nothing that still comes back can be committed through it.
 */
export class KafkaPartition {
  readonly #settings: PartitionSettings;
  readonly #number: number;
  readonly #name: string;
  #held: HeldRecord[] = [];
  #heldBytes = 0;
  #nextFetch: number | undefined;
  #soughtBack = false;
  #full = false;
  #inFlight: Promise<void>;
  #busy = true;
  #closed = false;
  #lost = false;
  #failures = 0;
  #retryAt = 0;
  /** The last offset of a batch that failed: it is repeated as it was, without records that came later. */
  #retryThrough: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #done: number | undefined;
  #committed: number | undefined;

  /** @param after the last invocation of an earlier assignment of the same partition, which must end first */
  constructor(number: number, after: Promise<void>, settings: PartitionSettings) {
    this.#number = number;
    this.#settings = settings;
    this.#name = partitionName(settings.topic, number);
    this.#inFlight = after.then(() => this.#idle());
  }

  /** Takes in a fetched batch, of which it may hold a part already: fetching starts again at the last commit whenever the group is rearranged. */
  hold(batch: Batch & { fetchedOffset?: string }): Held {
    const fetchedOffset = Number(batch.fetchedOffset ?? batch.firstOffset());
    const nextFetch = this.#nextFetch ?? fetchedOffset;
    if (fetchedOffset > nextFetch && !this.#soughtBack) {
      // Once only: if the records between are really gone (retention), the second answer is the same.
      this.#soughtBack = true;
      return { kind: 'gap', from: nextFetch };
    }
    this.#soughtBack = false;
    this.#append(batch, nextFetch);
    this.#pump();
    this.#full ||= this.#exceeds(pauseAboveRecords, pauseAboveBytes);
    return { kind: this.#full ? 'full' : 'held' };
  }

  /** Whether the log is shorter than what was already fetched of it: the topic was made anew. */
  isOlderThan(highWatermark: number): boolean {
    return this.#nextFetch !== undefined && highWatermark < this.#nextFetch;
  }

  /** The offset to commit, if there is something new. */
  get toCommit(): number | undefined {
    return this.#lost || this.#done === this.#committed ? undefined : this.#done;
  }

  committed(offset: number): void {
    this.#committed = offset;
  }

  /** Resolves when no invocation is in flight. */
  get inFlight(): Promise<void> {
    return this.#inFlight;
  }

  /** Starts no more invocations; what is in flight still counts. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** The partition belongs to another consumer now, or may: what is in flight counts no more. */
  lose(): void {
    this.close();
    this.#lost = true;
    this.#held = [];
    this.#settings.outage.forget(this.#number);
  }

  #append(batch: Batch, nextFetch: number): void {
    const heldSince = Date.now();
    const end = Number(batch.lastOffset()) + 1;
    for (const [index, message] of batch.messages.entries()) {
      const offset = Number(message.offset);
      if (offset < nextFetch) continue;
      const bytes = eventBytes(this.#settings.topic, message);
      const next = index === batch.messages.length - 1 ? end : offset + 1;
      this.#held.push({ message, offset, next, bytes, heldSince });
      this.#heldBytes += bytes;
    }
    this.#nextFetch = Math.max(nextFetch, end);
  }

  /** Starts an invocation if one is due, or sees to being called again when it will be. */
  #pump(): void {
    clearTimeout(this.#timer);
    const first = this.#held[0];
    if (this.#busy || this.#closed || !first) return;
    const { batch, full } = this.#nextBatch();
    const dueAt = Math.max(this.#retryAt, full ? 0 : first.heldSince + this.#settings.windowMs);
    const wait = dueAt - Date.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#pump(), wait);
      return;
    }
    this.#busy = true;
    this.#inFlight = this.#invoke(batch).then(() => this.#idle());
  }

  #idle(): void {
    this.#busy = false;
    this.#pump();
  }

  #nextBatch(): { batch: HeldRecord[]; full: boolean } {
    let bytes = 0;
    let count = 0;
    for (const record of this.#held) {
      bytes += record.bytes;
      const tooMany = count >= this.#settings.batchSize || (bytes > maximumBatchBytes && count > 0);
      if (tooMany || (this.#retryThrough !== undefined && record.offset > this.#retryThrough)) break;
      count += 1;
    }
    const full =
      count < this.#held.length || count === this.#settings.batchSize || this.#retryThrough !== undefined;
    return { batch: this.#held.slice(0, count), full };
  }

  async #invoke(batch: HeldRecord[]): Promise<void> {
    try {
      const messages = batch.map((record) => record.message);
      const answer = await this.#settings.invoke(this.#number, messages);
      if (!this.#lost) this.#settle(batch, answer);
    } catch (error) {
      if (!this.#lost) this.#repeat(batch, 0, error);
    }
  }

  #settle(batch: HeldRecord[], answer: unknown): void {
    const first = batch[0]?.offset ?? 0;
    const last = batch.at(-1)?.offset ?? 0;
    const read = this.#settings.reportBatchItemFailures
      ? readKafkaAnswer(answer, this.#name, first, last)
      : ({ kind: 'done' } as const);
    if (read.kind === 'malformed') return this.#repeat(batch, 0, read.reason);
    if (read.kind === 'failed') {
      const from = Math.min(...read.items);
      const done = batch.findIndex((record) => record.offset >= from);
      return this.#repeat(batch, done, `${this.#name} offset ${from} is reported as failed`);
    }
    this.#failures = 0;
    this.#retryThrough = undefined;
    this.#settings.outage.worked(this.#number);
    this.#finish(batch.length);
  }

  /** Keeps all but the first `done` records of a batch for another try: at once after progress, else later and later. */
  #repeat(batch: HeldRecord[], done: number, reason: unknown): void {
    this.#settings.outage.failed(this.#number, reason);
    this.#retryThrough = batch.at(-1)?.offset;
    this.#failures = done > 0 ? 0 : this.#failures + 1;
    this.#retryAt = done > 0 ? 0 : Date.now() + backoffMs(this.#failures);
    this.#finish(done);
  }

  #finish(count: number): void {
    if (count === 0) return;
    const finished = this.#held.splice(0, count);
    for (const record of finished) this.#heldBytes -= record.bytes;
    this.#done = finished.at(-1)?.next;
    this.#settings.progressed();
    if (this.#full && !this.#exceeds(resumeBelowRecords, resumeBelowBytes)) {
      this.#full = false;
      this.#settings.roomAgain(this.#number);
    }
  }

  /** A large batch needs more room than the usual limits give it. */
  #exceeds(records: number, bytes: number): boolean {
    return this.#held.length > Math.max(records, 2 * this.#settings.batchSize) || this.#heldBytes > bytes;
  }
}
