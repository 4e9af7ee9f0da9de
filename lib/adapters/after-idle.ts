/**
 * Calls back when this thread has been idle for so long, all in all: in an environment that has just started or has much to
 * do, time passes that nobody outside is to blame for.
 * @param milliseconds of waiting
 * @returns what takes the call back
 */
export function afterIdle(milliseconds: number, callback: () => void): () => void {
  const before = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout;
  const waitFor = (rest: number) => {
    timer = setTimeout(() => {
      const { idle } = performance.eventLoopUtilization(before);
      // Timers are exact to a millisecond.
      if (milliseconds - idle <= 1) callback();
      else waitFor(milliseconds - idle);
    }, rest);
  };
  waitFor(milliseconds);
  return () => clearTimeout(timer);
}
