const earliestMs = Date.parse('0000-01-01T00:00:00.000Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A time as the API writes it: RFC 3339 in UTC.
 * @param timeMs milliseconds since 1970. Kafka lets producers write any 64-bit number as a record's timestamp: what has
 *   no four-digit year becomes the nearest time that has one.
 */
export function rfc3339(timeMs: number): string {
  return new Date(Math.min(Math.max(timeMs, earliestMs), latestMs)).toISOString();
}
