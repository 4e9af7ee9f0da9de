/**
 * Writes one JSON line to standard output: one for each unit of work. Never hand it payloads, headers or secrets.
 * @param message what happened, the same words each time
 */
export function log(
  level: 'INFO' | 'WARN' | 'ERROR',
  message: string,
  fields: Record<string, unknown> = {},
): void {
  process.stdout.write(
    `${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields })}\n`,
  );
}

/** The fields of a log line that describe an error. */
export function errorFields(error: unknown): Record<string, unknown> {
  return error instanceof Error
    ? { error: error.name, detail: error.message, stack: error.stack }
    : { error: String(error) };
}
