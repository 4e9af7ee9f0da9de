import { z } from 'zod';
import { saslMechanisms } from '../../../core/kafka-target.ts';
import { idSchema } from '../orgs.ts';
import { type NamedSchema, time } from './description.ts';

const count = z.int().min(0);
const masked = z.string().describe('Its last four characters, where it is long enough.');

const common = {
  id: idSchema,
  owner_id: idSchema.describe('Its org.'),
  description: z.string(),
  event_types: z.array(z.string()),
  filter: z.record(z.string(), z.unknown()).optional(),
  status: z
    .enum(['active', 'paused', 'disabled'])
    .describe('`paused`: events are matched and held. `disabled`: not matched.'),
  disabled_reason: z
    .enum(['gone', 'failing'])
    .optional()
    .describe('Why Fanout disabled it: `gone` after a 410, `failing` after too many failures in a row.'),
  rate_limit: z.int().nullable().describe('Attempts a second at most; null for no limit.'),
  slow: z.literal(true).optional().describe('Delivered to by a function of its own.'),
  circuit_open_until: time.optional().describe('Left alone until then.'),
  alerts: z
    .array(z.object({ at: time, percent: z.int(), consecutive_failures: z.int() }))
    .optional()
    .describe('How far failures in a row have gone of what is allowed, newest first.'),
  retry: z.object({
    schedule_seconds: z.array(z.int()).describe('Seconds before the second attempt, the third, ….'),
  }),
  created_at: time,
  updated_at: time,
};

const webhook = z.object({
  ...common,
  type: z.literal('webhook'),
  auth: z
    .union([
      z.object({ type: z.literal('basic'), username: z.string(), password: masked }),
      z.object({ type: z.literal('bearer'), token: masked }),
    ])
    .optional(),
  config: z.object({
    url: z.string(),
    timeout_ms: z.int(),
    headers: z.record(z.string(), z.string()).describe('Values of secret ones are masked.'),
  }),
  credentials: z.object({
    secret: z.string().describe('Whole in the answer that makes it, then masked.'),
  }),
  previous_secrets: z
    .array(z.object({ secret: masked, expires_at: time }))
    .optional()
    .describe('Those that still sign beside the newest.'),
});

const kafka = z.object({
  ...common,
  type: z.literal('kafka'),
  config: z.object({
    brokers: z.string(),
    topic: z.string(),
    sasl_mechanism: z.enum(saslMechanisms),
    tls: z.boolean(),
    partition_key_template: z.string().optional(),
    timeout_ms: z.int(),
  }),
  credentials: z.object({ username: z.string(), password: masked }),
});

export const endpoint: NamedSchema = {
  name: 'Endpoint',
  schema: z.discriminatedUnion('type', [webhook, kafka]),
};

const counted = z.object({
  attempts: count,
  failed_attempts: count,
  delivered: count,
  failed: count,
});
const deliveries = z
  .object({ last_hour: counted, last_day: counted })
  .describe('Attempts, and the deliveries that they ended.');

export const countedEndpoint: NamedSchema = {
  name: 'EndpointWithCounts',
  schema: z.discriminatedUnion('type', [webhook.extend({ deliveries }), kafka.extend({ deliveries })]),
};

/** How a test event went. */
export const testResult: NamedSchema = {
  name: 'EndpointTestResult',
  schema: z.object({
    status_code: z.int().optional().describe("The webhook's answer."),
    partition: z.int().optional(),
    offset: z.string().optional().describe('Where the cluster keeps the message.'),
    error: z.string().optional().describe('What went wrong, when there was no answer.'),
    latency_ms: z.number(),
    excerpt: z.string().optional().describe("The beginning of a refusal's body."),
    webhook_id: z.string().optional(),
    event_id: z.string().optional(),
    key: z.string().optional().describe("The message's key."),
    key_source: z
      .enum(['template', 'event_id'])
      .optional()
      .describe('Where the key comes from; `event_id` also when the template gives nothing for this event.'),
  }),
};
