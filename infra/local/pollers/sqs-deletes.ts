import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from './backoff.ts';
import type { SqsQueue } from './sqs-queue.ts';
import { messagesACall } from './sqs-queue.ts';

/** Deletes messages that are done, those of several invocations in one call. */
export interface SqsDeletes {
  add(receiptHandles: string[]): void;
  /** Resolves when all that was added is deleted or given up. */
  settled(): Promise<void>;
}

/** How long a message waits for others to be deleted with. */
const gatherMs = 5;
/** With the waits between them about a minute and a half: a frozen queue may come back. */
const attempts = 14;

/** @param say told when messages are given up; they come again after their visibility time-out */
export function createSqsDeletes(queue: SqsQueue, say: (line: string) => void): SqsDeletes {
  let gathered: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const underWay = new Set<Promise<void>>();

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    while (gathered.length > 0) {
      const removal = removeInTheEnd(gathered.slice(0, messagesACall)).finally(() =>
        underWay.delete(removal),
      );
      underWay.add(removal);
      gathered = gathered.slice(messagesACall);
    }
  }

  async function removeInTheEnd(receiptHandles: string[]): Promise<void> {
    let left = receiptHandles;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      left = await queue.remove(left).catch(() => left);
      if (left.length === 0) return;
      await sleep(backoffMs(attempt), undefined, { ref: false });
    }
    say(`${left.length} messages could not be deleted; they come again after their visibility time-out`);
  }

  return {
    add(receiptHandles) {
      gathered.push(...receiptHandles);
      if (gathered.length >= messagesACall) flush();
      else timer ??= setTimeout(flush, gatherMs);
    },
    async settled() {
      flush();
      await Promise.all(underWay);
    },
  };
}
