import { z } from 'zod';
import { eventTypePattern } from '../../core/event-types.ts';
import { publishedName } from '../../core/source.ts';
import { type KnownSource, eventStates } from './event-state.ts';
import { eventNameSchema } from './event-name.ts';
import { checkInput } from './operation.ts';
import { placeParameters, withRules } from './place-query.ts';

type Query = Readonly<Record<string, string>>;

const dayMs = 86_400_000;

export const timeSchema = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-11-21T14:00:00Z' })
  .transform((text) => Date.parse(text));

export const eventTypeSchema = z
  .string()
  .regex(eventTypePattern, 'must be an event type, or a prefix such as order.*');

const parameters = {
  since: timeSchema.optional(),
  until: timeSchema.optional(),
  event_type: eventTypeSchema.optional(),
  limit: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).default(50),
  cursor: z
    .string()
    .max(2000)
    .optional()
    .transform((cursor) => cursor || undefined),
};

const oneOf = (states: readonly string[]) =>
  z.enum(states, `must be one of: ${states.join(', ')}`).optional();

const inOrder = {
  path: 'until',
  message: 'must be later than since',
  holds: ({ since, until }: { since?: unknown; until?: unknown }) =>
    typeof since !== 'number' || typeof until !== 'number' || since < until,
};

/** How an org's events are asked for. */
export const orgQuery = withRules(
  z.strictObject({
    ...parameters,
    id: eventNameSchema.optional(),
    state: oneOf(eventStates.filter((state) => state !== 'skipped')),
  }),
  [inOrder],
);

export type OrgEventQuery = z.output<typeof orgQuery>;

/**
 * What a list of an org's events is asked for.
 * @throws Problem that names every faulty parameter
 */
export function readOrgQuery(query: Query): OrgEventQuery {
  return checkInput(orgQuery, query);
}

/** What a list of all events is asked for. */
export type EventQuery = z.output<ReturnType<typeof operatorQuery>>;

/** How operators ask, in a deployment with these sources. */
export function operatorQuery(sources: readonly KnownSource[]) {
  const schema = z.strictObject({
    ...parameters,
    state: oneOf(eventStates),
    ...placeParameters(sources),
    source: oneOf([...sources.map(({ name }) => name), publishedName]),
    idempotency_key: z.string().min(1, 'must not be empty').max(1024).optional(),
  });
  return withRules(schema, [
    inOrder,
    {
      path: 'offset',
      message: 'needs partition, and source or topic',
      holds: ({ offset, partition, source, topic }) =>
        offset === undefined || (partition !== undefined && (source ?? topic) !== undefined),
    },
    {
      path: 'idempotency_key',
      message: 'needs source: a key is unique within one',
      holds: ({ idempotency_key: key, source }) => key === undefined || source !== undefined,
    },
    {
      path: 'idempotency_key',
      message: 'cannot be given with offset: either finds one record',
      holds: ({ idempotency_key: key, offset }) => key === undefined || offset === undefined,
    },
  ]);
}

/** An event may be listed by a time that is so much older than when it came: Kafka keeps records for a week by default. */
const mostDaysBehind = 7;
/** … and by one so far ahead of the clock here. */
const mostDaysAhead = 1;

/**
 * From when until when events are asked for: by default the last 24 hours. Where nothing can be kept, nothing is looked for;
 * events whose producers gave them such a time are found by their source, partition and offset.
 */
export function timesOf(
  { since, until }: Pick<OrgEventQuery, 'since' | 'until'>,
  nowMs: number,
  retentionDays: number,
) {
  const latestMs = nowMs + mostDaysAhead * dayMs;
  const earliestMs = nowMs - (retentionDays + mostDaysBehind) * dayMs;
  const untilMs = Math.min(until ?? Math.max(nowMs, (since ?? 0) + 1), latestMs);
  return { sinceMs: Math.max(since ?? untilMs - dayMs, earliestMs), untilMs };
}
