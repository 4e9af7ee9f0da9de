import { setImmediate } from 'node:timers/promises';

/**
 * Has what is given in one turn of the event loop handled together.
 * @param handle gets all of it, in its order
 * @returns settles for all of them as `handle` does
 */
export function togetherInTurn<T>(
  handle: (all: readonly T[]) => Promise<void>,
): (some: readonly T[]) => Promise<void> {
  let given: T[] = [];
  let handled: Promise<void> | undefined;
  const handleGiven = () => {
    const all = given;
    given = [];
    handled = undefined;
    return handle(all);
  };
  return (some) => {
    given.push(...some);
    return (handled ??= setImmediate().then(handleGiven));
  };
}
