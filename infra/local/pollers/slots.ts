/** So many things may go on at once; whoever comes too late waits. */
export interface Slots {
  /** Resolves when a slot is free, and takes it. @throws the signal's reason when aborted while waiting */
  take(signal: AbortSignal): Promise<void>;
  give(): void;
  /** Resolves when all slots are free. */
  allFree(): Promise<void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const watching: (() => void)[] = [];
  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const turn = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(turn), 1);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(turn);
      });
    },
    give() {
      const next = waiting.shift();
      if (next) return next();
      free += 1;
      if (free === count) for (const seen of watching.splice(0)) seen();
    },
    async allFree() {
      if (free < count) await new Promise<void>((resolve) => watching.push(resolve));
    },
  };
}
