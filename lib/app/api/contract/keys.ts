import { z } from 'zod';
import { listQuery } from '../listing.ts';
import { idSchema } from '../orgs.ts';
import { type Descriptions, type NamedSchema, listNotes, pageOf, time } from './description.ts';

const fields = {
  id: idSchema,
  org: idSchema.optional().describe("Absent on operators' keys."),
  name: z.string(),
  role: z.enum(['operator', 'publisher', 'tenant']),
  created_at: time,
};
const key: NamedSchema = { name: 'Key', schema: z.object(fields) };
const newKey: NamedSchema = {
  name: 'MadeKey',
  schema: z.object({
    ...fields,
    key: z
      .string()
      .regex(/^fanout_[a-z2-9]{20}_[A-Za-z0-9_-]{43}$/)
      .describe('Shown here, and never again.'),
  }),
};
const keyPage = pageOf(key);
const query = { schema: listQuery, fields: listNotes };
const deleted = {
  status: 204,
  description: 'It is gone. Where it was in use, it works on for up to a minute.',
} as const;

export const keyDescriptions: Descriptions = {
  'POST /v1/keys': {
    id: 'createOperatorKey',
    tag: 'Keys',
    summary: 'Make an operator key',
    body: { name: 'NewOperatorKey', examples: { key: { name: 'on-call' } } },
    answer: { status: 201, description: 'The key, once.', schema: newKey },
  },
  'GET /v1/keys': {
    id: 'listOperatorKeys',
    tag: 'Keys',
    summary: 'List operator keys',
    query,
    answer: { status: 200, description: 'A page of keys, without what is secret.', schema: keyPage },
  },
  'DELETE /v1/keys/{key}': {
    id: 'deleteOperatorKey',
    tag: 'Keys',
    summary: 'Revoke an operator key',
    answer: deleted,
  },
  'POST /v1/orgs/{org}/keys': {
    id: 'createOrgKey',
    tag: 'Keys',
    summary: 'Make a key of an org',
    description:
      "A `publisher` publishes for the org and reads. A `tenant` manages the org's endpoints and stream, replays and reads.",
    body: {
      name: 'NewOrgKey',
      examples: {
        publisher: { name: 'billing service', role: 'publisher' },
        tenant: { name: 'Acme', role: 'tenant' },
      },
    },
    answer: { status: 201, description: 'The key, once.', schema: newKey },
  },
  'GET /v1/orgs/{org}/keys': {
    id: 'listOrgKeys',
    tag: 'Keys',
    summary: 'List the keys of an org',
    query,
    answer: { status: 200, description: 'A page of keys, without what is secret.', schema: keyPage },
  },
  'DELETE /v1/orgs/{org}/keys/{key}': {
    id: 'deleteOrgKey',
    tag: 'Keys',
    summary: 'Revoke a key of an org',
    answer: deleted,
  },
};
