import { z } from 'zod';
import { deliveryStates } from '../../../core/delivery.ts';
import { eventStates } from '../event-state.ts';
import { type NamedSchema, time } from './description.ts';

const counts = (what: string) => z.record(z.string(), z.int()).describe(what);

/** What an event's receivers and its traces call it. */
const ids = {
  id: z.string().describe('What receivers see as `webhook-id` and `event-id`.'),
  event_id: z.string().optional().describe("Fanout's own id, where the publisher gave one."),
};

const source = z
  .object({
    name: z.string().nullable().describe('`api` for what was published over HTTP.'),
    topic: z.string().nullable(),
    partition: z.int().optional(),
    offset: z.int().optional(),
    index: z.int().describe('Among the events of one record or call.'),
  })
  .optional()
  .describe('For operators.');

export const target = z.object({
  type: z.enum(['single', 'fanout', 'broadcast']),
  owner_id: z.string().optional(),
  endpoint_id: z.string().optional(),
});

const state = z.enum(eventStates);

/** Of an event, and of a record that a transform made no event of. */
const common = {
  ...ids,
  time: time.describe('When it happened.'),
  state,
  source,
  transform_version: z.int().optional(),
  event_type: z.string().optional(),
  duplicate_of: z.string().optional().describe('The event that has its idempotency key.'),
  idempotency_key: z.string().optional(),
  target: target.optional(),
  fan_out: z.enum(['running', 'done']).optional().describe('A job pages through its many endpoints.'),
};

export const listedEvent: NamedSchema = {
  name: 'Event',
  schema: z
    .object({ ...common, deliveries: counts('How many there are in each state.').optional() })
    .describe('A record that its transform made nothing of (`skipped`) has only id, time, state and source.'),
};

export const attempt = z.object({
  at: time,
  latency_ms: z.number(),
  partition: z.int().optional(),
  offset: z.string().optional(),
  status_code: z.int().optional(),
  error: z
    .enum([
      'aborted',
      'timeout',
      'dns',
      'refused',
      'reset',
      'tls',
      'address_not_allowed',
      'connection',
      'authentication',
      'authorization',
      'unknown_topic',
      'too_large',
    ])
    .optional()
    .describe('What went wrong, when there was no answer.'),
  excerpt: z.string().optional().describe("The beginning of a refusal's body."),
  retry_after_seconds: z.number().optional(),
});

const failure = z
  .enum(['attempts_exhausted', 'endpoint_deleted', 'event_expired', 'held_too_long', 'not_retryable'])
  .optional()
  .describe('Why it ended as failed.');
const next = {
  next_attempt_at: time.nullable().describe('Of a queued delivery.'),
  held_until: time.optional().describe('When a held delivery fails.'),
};

const tracedDelivery = z.object({
  id: z.string(),
  endpoint_id: z.string(),
  state: z.enum(deliveryStates),
  failure,
  replay_id: z.string().optional().describe('The replay that made it once more last.'),
  attempts: z.array(attempt),
  attempts_left_out: z
    .int()
    .optional()
    .describe(
      'Of a delivery that was replayed many times: attempts after the first five that are not kept any more.',
    ),
  ...next,
});

export const notDelivered = z.array(
  z.object({
    endpoint_id: z.string(),
    reason: z.enum(['unknown_endpoint', 'owner_mismatch', 'disabled', 'event_type', 'filter']),
  }),
);
export const whyNobody = z
  .enum(['unknown_owner', 'no_endpoints', 'unknown_endpoint'])
  .optional()
  .describe('Why it concerns no endpoint at all.');

export const trace: NamedSchema = {
  name: 'Trace',
  schema: z.object({
    ...common,
    headers: z.record(z.string(), z.string()).optional().describe('Values of secret ones are masked.'),
    dropped_headers: z.array(z.string()).optional().describe('Those that are not forwarded.'),
    data: z.unknown().optional().describe('As it was sent.'),
    deliveries: z.array(tracedDelivery).optional(),
    more_deliveries: counts('Those that do not fit in here, by state.').optional(),
    not_delivered: notDelivered.optional().describe('Endpoints that do not receive it, and why not.'),
    more_not_delivered: counts('Those that do not fit in here, by reason.').optional(),
    reason: whyNobody,
  }),
};

export const publishedEvent: NamedSchema = {
  name: 'PublishedEvent',
  schema: z.object({
    id: z.string(),
    duplicate: z.boolean().describe('Another event of the org has this id: it was not published.'),
  }),
};
export const publishedEvents: NamedSchema = {
  name: 'PublishedEvents',
  schema: z.object({ data: z.array(publishedEvent.schema).describe('In the order of the call.') }),
};

/** A delivery with its last attempt. */
export const delivery: NamedSchema = {
  name: 'Delivery',
  schema: z.object({
    id: z.string(),
    event_id: z.string(),
    endpoint_id: z.string(),
    state: z.enum(deliveryStates),
    failure,
    created_at: time,
    attempts: z.int(),
    last_attempt: attempt.optional(),
    ...next,
  }),
};
