import { z } from 'zod';
import { listParameters } from '../listing.ts';
import { placeParameters } from '../place-query.ts';
import { type Descriptions, type NamedSchema, listNotes, pageOf, time } from './description.ts';
import { anySource, placeNotes, sourceNote } from './place-notes.ts';

const { topic, ...place } = placeParameters([anySource]);
const query = z.strictObject({ ...place, ...listParameters });

export const rejectionReason = z.enum([
  'empty_value',
  'record_too_large',
  'invalid_utf8',
  'invalid_json',
  'invalid_event',
  'invalid_header',
  'headers_too_large',
  'unknown_message_type',
  'no_target',
  'data_too_large',
  'transform_failed',
  'transform_timeout',
  'transform_memory',
  'transform_result',
  'unsafe_number',
  'skipped_by_operator',
]);

const base64 = z.base64();
const record: NamedSchema = {
  name: 'QuarantinedRecord',
  schema: z.object({
    id: z.string(),
    source: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    timestamp: time,
    reason: rejectionReason,
    detail: z.string(),
    quarantined_at: time,
    key: base64.nullable(),
    headers: z.array(z.object({ name: z.string(), value: base64 })).nullable(),
    value: base64.nullable().describe('null where there is none, or it is too large to be shown.'),
    value_bytes: z.int().nullable(),
  }),
};
const redriven: NamedSchema = {
  name: 'Redrive',
  schema: z.object({
    id: z.string(),
    queued: z.int(),
    fan_outs: z.int(),
    duplicates: z.int(),
    skipped: z.int(),
  }),
};

export const quarantineDescriptions: Descriptions = {
  'GET /v1/quarantine': {
    id: 'listQuarantine',
    tag: 'Quarantine',
    summary: 'List quarantined records, newest first',
    description:
      '`source`, `partition` and `offset` together find one record, and take no `limit` and `cursor`.',
    query: { schema: query, fields: { ...listNotes, ...placeNotes, source: sourceNote } },
    answer: {
      status: 200,
      description: 'A page of records; of long ones without the value.',
      schema: pageOf(record),
    },
  },
  'GET /v1/quarantine/{id}': {
    id: 'getQuarantined',
    tag: 'Quarantine',
    summary: 'Read a quarantined record',
    answer: { status: 200, description: 'The record, with up to 3 MiB of its bytes.', schema: record },
  },
  'POST /v1/quarantine/{id}/redrive': {
    id: 'redrive',
    tag: 'Quarantine',
    summary: 'Send a record through the pipeline once more',
    description:
      'With the id that it would have had. Where it is refused again it stays, and the answer is a 409.',
    answer: { status: 200, description: 'What became of it.', schema: redriven },
    problems: ['conflict'],
  },
};
