import { z } from 'zod';
import { listQuery } from '../listing.ts';
import { idSchema } from '../orgs.ts';
import { type Descriptions, type NamedSchema, listNotes, pageOf, time } from './description.ts';

const org: NamedSchema = {
  name: 'Org',
  schema: z.object({ id: idSchema, name: z.string(), created_at: time }),
};
const query = { schema: listQuery, fields: listNotes };

export const orgDescriptions: Descriptions = {
  'POST /v1/orgs': {
    id: 'createOrg',
    tag: 'Orgs',
    summary: 'Make an org',
    body: {
      name: 'NewOrg',
      fields: { id: 'Stays; its topics, groups and users on Kafka begin with it.' },
      examples: { org: { id: 'acme', name: 'Acme' } },
    },
    answer: { status: 201, description: 'The org.', schema: org },
    problems: ['conflict'],
  },
  'GET /v1/orgs': {
    id: 'listOrgs',
    tag: 'Orgs',
    summary: 'List all orgs',
    query,
    answer: { status: 200, description: 'A page of orgs.', schema: pageOf(org) },
  },
  'GET /v1/orgs/{org}': {
    id: 'getOrg',
    tag: 'Orgs',
    summary: 'Read an org',
    answer: { status: 200, description: 'The org.', schema: org },
  },
  'PATCH /v1/orgs/{org}': {
    id: 'changeOrg',
    tag: 'Orgs',
    summary: 'Rename an org',
    body: { name: 'OrgChange', examples: { name: { name: 'Acme Corporation' } } },
    answer: { status: 200, description: 'The org.', schema: org },
  },
  'DELETE /v1/orgs/{org}': {
    id: 'deleteOrg',
    tag: 'Orgs',
    summary: 'Delete an org with its keys, nodes, replays and mapping',
    description:
      'Its endpoints and its stream are deleted first: while there are any, the answer is a 409. What it has published stays for as ' +
      'long as events are kept, and its id is not given to another org until then.',
    answer: { status: 204, description: 'It is gone.' },
    problems: ['conflict'],
  },
};
