import type { AttemptTimes } from '../app/ports/endpoint-sender.ts';
import type { Attempt } from '../core/attempt.ts';
import { afterIdle } from './after-idle.ts';

/** One attempt of a message: waits until it can begin, and ends in time whatever becomes of the message. */
export interface Turn {
  /** Whether the attempt has ended: nothing that happens to the message now changes what is said of it. */
  readonly isOver: boolean;
  /** The milliseconds until it is ended, or until it must have begun; at least 1. */
  readonly remainingMs: number;
  /** @returns whether the attempt goes on: it begins now or has begun, and is not over */
  begin(): boolean;
  end(result: Pick<Attempt, 'acknowledged' | 'error'>): void;
  /** Ends the attempt if it has not begun and its endpoint gets no more than its patience. */
  giveUpIfImpatient(): void;
}

/**
 * @param timeoutMs the most the attempt may take
 * @param done called once: with undefined when the attempt did not begin in time
 */
export function createTurn(
  timeoutMs: number,
  times: AttemptTimes,
  now: () => number,
  done: (attempt: Attempt | undefined) => void,
): Turn {
  const { beginByMs, endByMs, patienceMs } = times;
  let atMs: number | undefined;
  let isOver = false;
  let deadlineMs = beginByMs;
  let stopWaiting = () => {};

  const finish = (attempt: Attempt | undefined) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    stopWaiting();
    done(attempt);
  };
  const end: Turn['end'] = (result) => {
    const began = atMs ?? now();
    finish({ atMs: began, latencyMs: now() - began, ...result });
  };
  const giveUp = () => finish(undefined);
  let timer = setTimeout(giveUp, Math.max(beginByMs - now(), 0));

  return {
    get isOver() {
      // A process that was frozen goes on before its timers do.
      return isOver || now() >= deadlineMs;
    },
    get remainingMs() {
      return Math.max(deadlineMs - now(), 1);
    },
    begin() {
      if (isOver || atMs !== undefined) return !isOver;
      atMs = now();
      if (atMs >= beginByMs) {
        giveUp();
        return false;
      }
      clearTimeout(timer);
      deadlineMs = Math.min(atMs + timeoutMs, endByMs);
      const error = atMs + timeoutMs <= endByMs ? 'timeout' : 'aborted';
      timer = setTimeout(() => end({ error }), Math.max(deadlineMs - atMs, 0));
      if (patienceMs !== undefined) stopWaiting = afterIdle(patienceMs, () => end({ error: 'aborted' }));
      return true;
    },
    end,
    giveUpIfImpatient() {
      if (atMs === undefined && patienceMs !== undefined) giveUp();
    },
  };
}
