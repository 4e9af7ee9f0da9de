/**
 * Waits for a value, no longer than so many milliseconds. What is under way then is left to itself.
 * @param late called when they are over: what it returns comes of it, or what it throws
 */
export async function within<Value>(
  milliseconds: number,
  coming: Promise<Value>,
  late: () => Value,
): Promise<Value> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, milliseconds);
  try {
    return await Promise.race([coming, over.promise.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
