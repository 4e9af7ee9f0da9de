import { createContext, Script } from 'node:vm';

const holder: { step?: () => void } = {};
let call: ((milliseconds: number) => void) | undefined;

/**
 * Calls a function and stops it when its time is over, wherever it is: unlike an interrupt handler of the engine, V8's
 * watchdog also ends a search, a pattern or a sort that runs inside WebAssembly without taking a step of byte code.
 * The watchdog is a thread a call (about 0.1 ms), so let one call do several things. Works in a worker, too.
 * @param milliseconds of wall clock
 * @returns whether the function came to its end. One that was stopped was stopped between any two of its instructions.
 * @throws what the function throws
 */
export function runWithin(milliseconds: number, step: () => void): boolean {
  call ??= guardedCall();
  holder.step = step;
  try {
    call(milliseconds);
    return true;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  } finally {
    holder.step = undefined;
  }
}

function guardedCall(): (milliseconds: number) => void {
  // The context is no sandbox here: it is how the watched script finds the function that it is to call.
  const context = createContext(holder);
  const script = new Script('step()');
  return (timeout) => void script.runInContext(context, { timeout, displayErrors: false });
}
