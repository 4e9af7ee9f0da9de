import { expect, test } from 'vitest';
import { timesOf } from '../../../lib/app/api/event-query.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 21);
const longAgo = Date.parse('0000-01-01T00:00:00Z');
const farAhead = Date.parse('9999-12-31T00:00:00Z');
/** The retention of 30 days, and a week more. */
const earliest = now - 37 * day;

test.each([
  [{}, now - day, now],
  [{ since: now - 40 }, now - 40, now],
  [{ until: now - day }, now - 2 * day, now - day],
  [{ since: longAgo }, earliest, now],
  [{ since: now - 1, until: farAhead }, now - 1, now + day],
  [{ since: longAgo, until: farAhead }, earliest, now + day],
  [{ until: farAhead }, now, now + day],
])('%j asks for no time in which nothing is kept', (asked, sinceMs, untilMs) => {
  expect(timesOf(asked, now, 30)).toEqual({ sinceMs, untilMs });
});
