import { z } from 'zod';
import { saslMechanisms } from '../../../core/kafka-target.ts';
import { type EndpointRules, endpointSchemas } from '../endpoint-schemas.ts';
import { type KafkaEndpointRules, kafkaSchemas } from '../kafka-endpoints.ts';
import { listQuery } from '../listing.ts';
import { webhookSchemas } from '../webhook-endpoints.ts';
import { type Descriptions, type FieldNotes, listNotes, pageOf } from './description.ts';
import { countedEndpoint, endpoint, testResult } from './endpoint-answers.ts';

/** What the stage decides does not stand in the document. */
export const anyStage: EndpointRules & KafkaEndpointRules & { readonly urlRule: () => undefined } = {
  retentionDays: 30,
  compilePattern: () => () => false,
  hostRule: () => undefined,
  urlRule: () => undefined,
  partitionKeys: { fault: () => undefined, keyOf: (_template, { id }) => id },
};

const schemas = endpointSchemas(anyStage);
const webhook = webhookSchemas(schemas, anyStage.urlRule);
const kafka = kafkaSchemas(schemas, anyStage);

const filterNote = {
  type: 'object',
  description:
    'Which events it receives by their content: conditions on `data` and `headers`, combined by `$or`, `$and` and `$not`. ' +
    'Operators: `$eq $neq $gt $gte $lt $lte $in $nin $exist $regex $startsWith $endsWith`. At most 200 conditions, 16 objects deep.',
  properties: {
    data: {},
    headers: {},
    $or: { type: 'array', minItems: 1 },
    $and: { type: 'array', minItems: 1 },
    $not: { type: 'object' },
  },
  additionalProperties: false,
};
const nullable = { ...filterNote, anyOf: undefined, type: ['object', 'null'] };

const common: FieldNotes = {
  description: 'For people.',
  event_types: '`*`, exact types, or prefixes such as `order.*`. One must match.',
  status: '`paused`: events are matched and held until it is active. `disabled`: events are not matched.',
  rate_limit: 'Attempts a second at most, over all functions.',
  retry: 'Its own schedule in place of the default.',
  'retry.schedule_seconds':
    'Seconds before the second attempt, the third, …; empty for one attempt only. All of them, with a tenth more, must end ' +
    'before the event is removed.',
  'config.timeout_ms': 'Milliseconds that one attempt may take.',
};
const ofWebhooks: FieldNotes = {
  ...common,
  auth: 'Sent as the `authorization` header.',
  'config.url': {
    format: 'uri',
    description:
      '`https`, with a public address; no user name, password or fragment. Redirects are not followed.',
  },
  'config.headers': {
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 1024 },
    maxProperties: 50,
    description: 'Headers of each request. Those that Fanout sets itself or never forwards are refused.',
  },
};
const ofKafka: FieldNotes = {
  ...common,
  'config.brokers': {
    minLength: 3,
    description: '`host:port`, up to 20 separated by commas, with public addresses.',
  },
  'config.sasl_mechanism': { enum: saslMechanisms, description: 'In any case of letters.' },
  'config.tls': {
    enum: [true, false, 'true', 'false'],
    default: true,
    description: 'Also as text.',
  },
  'config.partition_key_template':
    'A JMESPath expression over `{metadata, data}`; without it the key is the event id.',
};
const given = {
  ...ofWebhooks,
  id: 'Unique in the deployment; made where it is absent.',
  filter: filterNote,
  'credentials.secret': {
    pattern: '^whsec_[A-Za-z0-9+/]{32,86}={0,2}$',
    description: '`whsec_` and 24 to 64 bytes in base64; made where it is absent.',
  },
};

const one = '/v1/orgs/{org}/endpoints/{endpoint}';

export const endpointDescriptions: Descriptions = {
  'POST /v1/orgs/{org}/endpoints': {
    id: 'createEndpoint',
    tag: 'Endpoints',
    summary: 'Make an endpoint',
    body: {
      name: 'NewEndpoint',
      schema: z.discriminatedUnion('type', [webhook.create, kafka.create]),
      fields: {},
      examples: {
        webhook: {
          id: 'orders',
          type: 'webhook',
          event_types: ['order.*'],
          filter: { data: { total: { $gte: 100 } }, headers: { 'x-region': { $in: ['eu', 'us'] } } },
          config: { url: 'https://example.com/hook' },
        },
        kafka: {
          id: 'orders-kafka',
          type: 'kafka',
          config: {
            brokers: 'broker1.example.com:9092,broker2.example.com:9092',
            topic: 'events',
            sasl_mechanism: 'scram-sha-256',
            partition_key_template: 'data.customer_id',
          },
          credentials: { username: 'fanout', password: 'correct-horse-battery' },
        },
      },
    },
    answer: {
      status: 201,
      description: 'The endpoint. A signing secret that was made is whole in this answer only.',
      schema: endpoint,
    },
    problems: ['conflict'],
  },
  'GET /v1/orgs/{org}/endpoints': {
    id: 'listEndpoints',
    tag: 'Endpoints',
    summary: 'List the endpoints of an org',
    query: { schema: listQuery, fields: listNotes },
    answer: { status: 200, description: 'A page of endpoints.', schema: pageOf(endpoint) },
  },
  [`GET ${one}`]: {
    id: 'getEndpoint',
    tag: 'Endpoints',
    summary: 'Read an endpoint, with counts of its last hour and day',
    answer: { status: 200, description: 'The endpoint, secrets masked.', schema: countedEndpoint },
  },
  [`PATCH ${one}`]: {
    id: 'changeEndpoint',
    tag: 'Endpoints',
    summary: 'Change an endpoint',
    description:
      'A field that is named is replaced as a whole, within `config` and `credentials` each field by itself; `null` takes ' +
      '`filter`, `rate_limit`, `retry`, `auth` and `partition_key_template` away. What was held is sent once it is active. ' +
      'The answer comes once the change counts for all that is sent: after two or three seconds.',
    body: {
      name: 'EndpointChange',
      schema: z.union([webhook.change, kafka.change]),
      examples: {
        pause: { status: 'paused' },
        activate: { status: 'active', rate_limit: 50, filter: null },
      },
    },
    answer: { status: 200, description: 'The endpoint.', schema: endpoint },
  },
  [`DELETE ${one}`]: {
    id: 'deleteEndpoint',
    tag: 'Endpoints',
    summary: 'Delete an endpoint',
    description: 'Deliveries that it holds, or that are queued, then fail as `endpoint_deleted`.',
    answer: { status: 204, description: 'It is gone.' },
  },
  [`POST ${one}/rotate-secret`]: {
    id: 'rotateEndpointSecret',
    tag: 'Endpoints',
    summary: 'Give a webhook a new signing secret',
    body: {
      name: 'SecretRotation',
      fields: {
        secret: { ...given['credentials.secret'] },
        overlap_seconds: 'Seconds for which the secret before signs too; 0 ends all older ones at once.',
      },
      examples: { rotation: { overlap_seconds: 3600 } },
    },
    answer: { status: 200, description: 'The endpoint, with the new secret, once.', schema: endpoint },
    problems: ['conflict'],
  },
  [`POST ${one}/test`]: {
    id: 'testEndpoint',
    tag: 'Endpoints',
    summary: 'Send a test event',
    description: 'At once, whatever the status and the event types; nothing of it is recorded.',
    body: {
      name: 'TestSample',
      fields: {
        data: 'Any JSON.',
        metadata: {
          type: 'object',
          additionalProperties: { type: 'string', maxLength: 1024 },
          maxProperties: 50,
          description: 'Headers of the event.',
        },
      },
      examples: {
        sample: { event_type: 'order.created', data: { order: 42 }, metadata: { 'x-region': 'eu' } },
      },
    },
    answer: { status: 200, description: 'How it went.', schema: testResult },
  },
};

/** The parts of bodies that are of one kind of endpoint. */
export const endpointSchemasByName = [
  { name: 'NewWebhookEndpoint', schema: webhook.create, fields: given },
  {
    name: 'NewKafkaEndpoint',
    schema: kafka.create,
    fields: { ...ofKafka, id: given.id, filter: filterNote },
  },
  { name: 'WebhookEndpointChange', schema: webhook.change, fields: { ...ofWebhooks, filter: nullable } },
  { name: 'KafkaEndpointChange', schema: kafka.change, fields: { ...ofKafka, filter: nullable } },
];
