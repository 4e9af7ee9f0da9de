import { setImmediate } from 'node:timers/promises';
import type { AttemptError } from '../core/attempt.ts';
import type { KafkaMessage } from '../core/kafka-message.ts';
import type { Turn } from './kafka-turn.ts';

/** What became of a message; `isStale`: asking the cluster anew who leads what may help. */
export type Outcome =
  | { readonly acknowledged: { readonly partition: number; readonly offset: string } }
  | { readonly error: AttemptError; readonly isStale: boolean };

/** A message on its way to the broker that leads its partition. */
export interface Entry {
  readonly message: KafkaMessage;
  readonly partition: number;
  readonly turn: Turn;
  /** About how many bytes it takes in a request. */
  readonly bytes: number;
  readonly settle: (outcome: Outcome) => void;
}

export interface LaneLimits {
  readonly bytes: number;
  readonly count: number;
}

/** The messages to one broker. */
export interface Lane {
  push(entry: Entry): void;
  /** Whether there is nothing to send. */
  readonly isIdle: boolean;
}

/**
 * One send at a time: what is handed in while one is under way goes together in the next.
 * @param send never rejects. It takes what to send when it can send it: only then does that begin. It may get nothing.
 */
export function createLane(send: (take: () => readonly Entry[]) => Promise<void>, limits: LaneLimits): Lane {
  let line: Entry[] = [];
  let isSending = false;

  const take = (): Entry[] => {
    const batch: Entry[] = [];
    let bytes = 0;
    let at = 0;
    for (; at < line.length && batch.length < limits.count; at++) {
      const entry = line[at]!;
      if (batch.length > 0 && bytes + entry.bytes > limits.bytes) break;
      if (!entry.turn.begin()) continue;
      batch.push(entry);
      bytes += entry.bytes;
    }
    line = line.slice(at);
    return batch;
  };
  const run = async (): Promise<void> => {
    isSending = true;
    // Whatever else is handed in just now goes with the first.
    await setImmediate();
    while (line.some(({ turn }) => !turn.isOver)) await send(take);
    line = [];
    isSending = false;
  };

  return {
    push(entry) {
      line.push(entry);
      if (!isSending) void run();
    },
    get isIdle() {
      return !isSending;
    },
  };
}

/** What a record of a batch takes beside key, value and headers, at most. */
const recordBytes = 70;
const headerBytes = 10;

export function messageBytes({ key, value, headers }: KafkaMessage): number {
  let bytes = recordBytes + Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const [name, text] of Object.entries(headers))
    bytes += headerBytes + Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}
