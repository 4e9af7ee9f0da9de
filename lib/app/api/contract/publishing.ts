import { z } from 'zod';
import { eventTypePattern } from '../../../core/event-types.ts';
import { mostEvents } from '../../../core/event-texts.ts';
import { ledgerEventTypes } from '../../../core/ledger-payloads.ts';
import type { Descriptions, NamedSchema } from './description.ts';
import { ledgerEvent, ledgerEventV1, ledgerEventV1Point10, ledgerEventV2 } from './ledger-schemas.ts';

/** A notification or a price for readers of the documents; what checks it is core's, which keeps it as it was sent. */
export const streamingEvent = z.looseObject({
  id: z
    .string()
    // Not by a category of Unicode, which few generators of clients know.
    .regex(/^[^\x00-\x1f\x7f-\x9f]{1,128}$/u)
    .describe('The `event-id` header.'),
  created_at: z.iso.datetime({ offset: true }).describe('When it happened.'),
  type: z.string().regex(eventTypePattern).describe('The `event-type` header.'),
  object: z
    .looseObject({})
    .optional()
    .describe('What it is about. Its `id` is the key of the record, so that its events keep their order.'),
});
const bundle = z.looseObject({ payload: z.array(streamingEvent).min(1).max(mostEvents) });

export const publishingSchemasByName: readonly NamedSchema[] = [
  { name: 'StreamingEvent', schema: streamingEvent },
  { name: 'StreamingEventBundle', schema: bundle },
  { name: 'LedgerEvent', schema: ledgerEvent },
  { name: 'LedgerEventV1', schema: ledgerEventV1 },
  { name: 'LedgerEventV1_10', schema: ledgerEventV1Point10 },
  { name: 'LedgerEventV2', schema: ledgerEventV2 },
];

const place = {
  id: z.string().describe('The `event-id` header.'),
  partition: z.int(),
  offset: z.string().describe('A 64-bit number, as text.'),
};
const published: NamedSchema = {
  name: 'PublishedRecords',
  schema: z.object({ topic: z.string(), records: z.array(z.object(place)) }),
};
const publishedLedger: NamedSchema = {
  name: 'PublishedLedgerRecords',
  schema: z.object({
    topic: z.string().optional().describe('Where all records are in one.'),
    records: z.array(z.object({ ...place, topic: z.string() })),
  }),
};

export const streamingExample = {
  id: 'fbecea50-2f35-4969-96af-342271da9eca',
  created_at: '2021-07-21T14:10:00.00Z',
  type: 'USER.CREATED',
  object: { id: '83d83ec2-d2ca-49ff-bbea-b92b5c3be202', type: 'USER' },
};
export const priceExample = {
  id: '0b1c3fb4-5ee5-4a3c-a3e6-8f3a8ef7b0a4',
  created_at: '2021-07-21T14:10:00.00Z',
  type: 'PRICE.UPDATED',
  object: { id: 'DE0007236101', price: '101.25', currency: 'EUR' },
};
export const ledgerExample = {
  date: '2022-05-12T14:31:07.808419+02:00',
  type: 'COMMITTED_TRANSACTIONS',
  payload: {
    transactions: [
      {
        postings: [{ source: 'world', destination: 'central_bank', amount: 100, asset: 'GEM' }],
        reference: '',
        metadata: { description: 'A testing transaction.' },
        txid: 0,
        timestamp: '2022-05-12T12:31:07Z',
      },
    ],
    volumes: {
      central_bank: { GEM: { input: 100, output: 0 } },
      world: { GEM: { input: 0, output: 100 } },
    },
  },
  ledger: 'example-ledger-1',
};
const savedExample = {
  date: '2023-05-12T14:31:07Z',
  type: 'SAVED_METADATA',
  version: 'v2',
  idempotency_key: 'users-1-verified',
  payload: { ledger: 'main', targetType: 'ACCOUNT', targetId: 'users:1', metadata: { verified: 'true' } },
};

const acknowledged = 'Where the records are: all in-sync replicas have them.';
const oneForAll = 'One event that is not valid refuses all. Each has at most 256 KiB and 32 levels.';

const mappingAnswer: NamedSchema = {
  name: 'TopicMapping',
  schema: z.object({
    mapping: z.string(),
    topics: z.object(Object.fromEntries(ledgerEventTypes.map((type) => [type, z.string()]))),
  }),
};

export const publishingDescriptions: Descriptions = {
  'POST /v1/orgs/{org}/notifications': {
    id: 'publishNotifications',
    tag: 'Publishing',
    summary: 'Publish a notification, or a bundle of up to 500',
    description: `To \`<org>.notifications\`, a record each, byte for byte. ${oneForAll}`,
    body: {
      name: 'Notifications',
      schema: z.union([streamingEvent, bundle]),
      examples: { notification: streamingExample, bundle: { payload: [streamingExample] } },
    },
    answer: { status: 202, description: acknowledged, schema: published },
    problems: ['conflict'],
  },
  'POST /v1/orgs/{org}/prices': {
    id: 'publishPrices',
    tag: 'Publishing',
    summary: 'Publish a price, or a bundle of up to 500',
    description: `To \`<org>.prices\`, a record each, byte for byte. ${oneForAll}`,
    body: {
      name: 'Prices',
      schema: z.union([streamingEvent, bundle]),
      examples: { price: priceExample, bundle: { payload: [priceExample] } },
    },
    answer: { status: 202, description: acknowledged, schema: published },
    problems: ['conflict'],
  },
  'POST /v1/orgs/{org}/ledger-events': {
    id: 'publishLedgerEvents',
    tag: 'Publishing',
    summary: 'Publish a ledger event, or an array of up to 500',
    description: `To the topic that the org's mapping has for its type; the key is the ledger. ${oneForAll}`,
    body: {
      name: 'LedgerEvents',
      schema: z.union([ledgerEvent, z.array(ledgerEvent).min(1).max(mostEvents)]),
      examples: { transactions: ledgerExample, metadata: [savedExample] },
    },
    answer: { status: 202, description: acknowledged, schema: publishedLedger },
    problems: ['conflict'],
  },
  'PUT /v1/orgs/{org}/topic-mapping': {
    id: 'putTopicMapping',
    tag: 'Publishing',
    summary: 'Say which topics ledger events go to',
    description: 'In effect within seconds. Topics that are new are made with the stream.',
    body: {
      name: 'NewTopicMapping',
      fields: {
        mapping: {
          type: ['string', 'object'],
          minLength: 3,
          maxLength: 4096,
          minProperties: 1,
          additionalProperties: { type: 'string', pattern: '^[A-Za-z0-9-]{1,100}$' },
          propertyNames: { enum: [...ledgerEventTypes, '*'] },
          description:
            '`TYPE:topic` and `*:topic`, separated by commas or spaces, or an object of them. Topics are 1 to 100 letters, ' +
            'digits and dashes, and none of `runs`, `notifications` and `prices`.',
        },
      },
      examples: {
        text: { mapping: 'COMMITTED_TRANSACTIONS:committed *:ledger' },
        object: { mapping: { COMMITTED_TRANSACTIONS: 'committed', '*': 'ledger' } },
      },
    },
    answer: { status: 200, description: 'The mapping, and the topic of each type.', schema: mappingAnswer },
    problems: ['conflict'],
  },
  'GET /v1/orgs/{org}/topic-mapping': {
    id: 'getTopicMapping',
    tag: 'Publishing',
    summary: 'Read which topics ledger events go to',
    answer: { status: 200, description: 'The mapping, and the topic of each type.', schema: mappingAnswer },
  },
};
