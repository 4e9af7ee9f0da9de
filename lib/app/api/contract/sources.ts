import { z } from 'zod';
import { listQuery } from '../listing.ts';
import { type Descriptions, type NamedSchema, listNotes, pageOf, time } from './description.ts';
import { notDelivered, target, whyNobody } from './event-answers.ts';
import { rejectionReason } from './quarantine.ts';

const position = z.object({ partition: z.int(), offset: z.int() });
const source: NamedSchema = {
  name: 'Source',
  schema: z.object({
    name: z.string(),
    topic: z.string(),
    partitions: z.int(),
    batch_size: z.int(),
    cluster: z.string().describe('Its kind and how it is logged in to, such as `msk/iam`.'),
    transform: z
      .object({ language: z.enum(['javascript', 'jmespath']), code: z.string(), version: z.int() })
      .nullable(),
    rate_limit: z.number().nullable().describe('Records a second over all partitions.'),
    skips: z.array(position).describe('Records that are quarantined without being looked at.'),
    updated_at: time.nullable(),
  }),
};

const dryEvent = z.object({
  event_type: z.string(),
  idempotency_key: z.string().optional(),
  duplicate_of: z.string().optional(),
  target,
  headers: z.record(z.string(), z.string()),
  dropped_headers: z.array(z.string()).optional(),
  data: z.unknown(),
  deliver_to: z.array(z.object({ endpoint_id: z.string(), owner_id: z.string(), status: z.string() })),
  more_deliver_to: z.int().optional(),
  not_delivered: notDelivered,
  more_not_delivered: z.record(z.string(), z.int()).optional(),
  fan_out: z.literal(true).optional().describe('It has more endpoints than a dry run looks at.'),
});
const dryRun: NamedSchema = {
  name: 'DryRun',
  schema: z.object({
    outcome: z.enum(['events', 'skipped', 'quarantined']),
    transform_version: z.union([z.int(), z.literal('draft')]).optional(),
    reason: z.union([rejectionReason, whyNobody.unwrap()]).optional(),
    detail: z.string().optional().describe('What was wrong with the record.'),
    events: z.array(dryEvent).optional(),
    more_events: z.int().optional(),
  }),
};

const code =
  'function transform(payload) { return { event_type: payload.kind, owner_id: payload.tenant, data: payload }; }';
const transformNote =
  'JavaScript with a `function transform(payload, context)`, or a JMESPath expression. `null` takes it away.';
const one = '/v1/sources/{source}';

export const sourceDescriptions: Descriptions = {
  'GET /v1/sources': {
    id: 'listSources',
    tag: 'Sources',
    summary: 'List the sources of the stage',
    query: { schema: listQuery, fields: listNotes },
    answer: { status: 200, description: 'A page of sources.', schema: pageOf(source) },
  },
  [`GET ${one}`]: {
    id: 'getSource',
    tag: 'Sources',
    summary: 'Read a source',
    answer: { status: 200, description: 'The source.', schema: source },
  },
  [`PUT ${one}`]: {
    id: 'changeSource',
    tag: 'Sources',
    summary: "Set a source's transform and rate",
    description: 'In effect within seconds. What is not named stays.',
    body: {
      name: 'SourceChange',
      fields: {
        transform: transformNote,
        rate_limit:
          'Records a second over all partitions; more of them wait in Kafka. `null` for the stage’s.',
      },
      examples: { transform: { transform: { language: 'javascript', code } }, none: { transform: null } },
    },
    answer: { status: 200, description: 'The source.', schema: source },
  },
  [`POST ${one}/dry-run`]: {
    id: 'dryRunSource',
    tag: 'Sources',
    summary: 'Tell what would become of a record',
    description: 'Nothing is stored or sent.',
    body: {
      name: 'PastedRecord',
      fields: {
        value: 'JSON as it stands, or the record’s text. Or `value_base64`.',
        value_base64: { description: 'The record’s bytes, as the quarantine shows them.' },
        key_base64: 'In place of `key`.',
        headers: 'An object of texts, or a list as the quarantine shows it.',
        timestamp: { format: 'date-time', description: 'Of the record; now without it.' },
        transform: `To try before it is saved. ${transformNote}`,
      },
      examples: {
        event: { value: { event_type: 'order.paid', owner_id: 'acme', data: { total: 110 } } },
        transform: {
          value: { kind: 'paid', tenant: 'acme' },
          headers: { 'x-region': 'eu' },
          transform: { language: 'javascript', code },
        },
      },
    },
    answer: {
      status: 200,
      description: 'The events, who would receive them, and who would not and why.',
      schema: dryRun,
    },
  },
  [`POST ${one}/skip`]: {
    id: 'skipRecord',
    tag: 'Sources',
    summary: 'Put a record aside that holds its partition up',
    description: 'It is quarantined without being looked at when it comes.',
    body: { name: 'RecordPosition', examples: { record: { partition: 0, offset: 999999 } } },
    answer: { status: 200, description: 'The source.', schema: source },
    problems: ['conflict'],
  },
};
