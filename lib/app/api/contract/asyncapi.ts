import { z } from 'zod';
import { idPattern } from '../../../core/identifiers.ts';
import { ledgerEventTypes } from '../../../core/ledger-payloads.ts';
import { nodeRunIdPattern, runIdPattern } from '../../../core/run.ts';
import { nodeEventType } from '../../../core/run-records.ts';
import { streamHeaders, topicName } from '../../../core/stream.ts';
import { topicPattern } from '../../../core/topic-mapping.ts';
import { type JsonSchema, type NamedSchema, time } from './description.ts';
import { componentSchemas, schemaReference } from './json-schemas.ts';
import { ledgerExample, priceExample, publishingSchemasByName, streamingExample } from './publishing.ts';

const about = `What consumers read from the Kafka topics of an org's stream. \`PUT /v1/orgs/{org}/stream\` makes the topics and the
credentials, \`GET\` says how to connect. Records arrive at least once: tell repeats by their \`event-id\`. Records of one key keep
their order. Take fields that are not described here without complaint.`;

const runRecord: NamedSchema = {
  name: 'RunRecord',
  schema: z.object({
    payload: z.record(z.string(), z.unknown()).describe("The node's payload, its templates filled in."),
    workflowRun: z.object({
      id: z.string().regex(runIdPattern),
      workflowIdentifier: z.string(),
      status: z.literal('IN_PROGRESS'),
      createdAt: time,
    }),
    context: z.object({
      orgId: z.string().regex(idPattern),
      workflowRunId: z.string().regex(runIdPattern),
      nodeRunId: z.string().regex(nodeRunIdPattern).describe('What a consumer reports back about.'),
      nodeIdentifier: z.string(),
      nodeTitle: z.string(),
      index: z.int().min(0).describe('Among the records of one node’s run.'),
      count: z.int().min(1),
    }),
  }),
};
const runExample = {
  payload: { service: 'billing', version: 'latest' },
  workflowRun: {
    id: 'wfr_a1b2c3d4e5f6g7h8',
    workflowIdentifier: 'deploy',
    status: 'IN_PROGRESS',
    createdAt: '2026-11-21T14:00:00.000Z',
  },
  context: {
    orgId: 'acme',
    workflowRunId: 'wfr_a1b2c3d4e5f6g7h8',
    nodeRunId: 'wfnr_a1b2c3d4e5f6g7h8',
    nodeIdentifier: 'publish-event',
    nodeTitle: 'Publish to Kafka',
    index: 0,
    count: 1,
  },
};

interface Stream {
  readonly description: string;
  /** Of its records: what the key is, the schema of the value, and the types that `event-type` may have. */
  readonly key: string;
  readonly schema: string;
  readonly eventType?: JsonSchema;
  readonly example: object;
}

/** By the topic without the org before it. */
const streams: Readonly<Record<string, Stream>> = {
  runs: {
    description: 'Payloads of Kafka action nodes, one record for each element of an array.',
    key: 'The id of the run.',
    schema: runRecord.name,
    eventType: { const: nodeEventType },
    example: runExample,
  },
  ledger: {
    description:
      "Ledger events, byte for byte as they were published. An org's mapping may lead types to topics of their own.",
    key: 'The ledger.',
    schema: 'LedgerEvent',
    eventType: { enum: ledgerEventTypes },
    example: ledgerExample,
  },
  notifications: {
    description: 'Notifications, one event a record, byte for byte as they were published.',
    key: '`object.id`, else the event’s id.',
    schema: 'StreamingEvent',
    example: streamingExample,
  },
  prices: {
    description: 'Prices, one event a record, byte for byte as they were published.',
    key: '`object.id`, else the event’s id.',
    schema: 'StreamingEvent',
    example: priceExample,
  },
};

const org = { description: "The org's id.", examples: ['acme'] };
const mapped = {
  description: `A topic of the org's mapping of ledger events: ${topicPattern.source}.`,
  examples: ['committed'],
};

/** The document of the records on orgs' streams, AsyncAPI 3.0: made of the constants and schemas by which they are written. */
export function asyncApiDocument(): JsonSchema {
  const channels = Object.entries(streams).map(([name, stream]) => [
    name,
    channel(name, name, stream.description, { org }),
  ]);
  const ofMapping = channel('ledger', '{topic}', 'Ledger events of the types that the org maps to it.', {
    org,
    topic: mapped,
  });
  return {
    asyncapi: '3.0.0',
    info: { title: 'Fanout streams', version: '1', description: about },
    defaultContentType: 'application/json',
    servers: {
      stage: {
        host: '{bootstrap_servers}',
        protocol: 'kafka-secure',
        description:
          'As `bootstrap_servers` of the stream. Consumer groups must begin with its `group_prefix`: the org’s id and a dot.',
        variables: { bootstrap_servers: { examples: ['b-1.example.com:9096,b-2.example.com:9096'] } },
        security: [{ $ref: '#/components/securitySchemes/stream' }],
      },
    },
    channels: { ...(Object.fromEntries(channels) as JsonSchema), mappedLedger: ofMapping },
    operations: Object.fromEntries(
      [...Object.keys(streams), 'mappedLedger'].map((name) => [
        `send_${name}`,
        { action: 'send', channel: { $ref: `#/channels/${name}` } },
      ]),
    ),
    components: {
      messages: Object.fromEntries(Object.entries(streams).map(([name, stream]) => [name, message(stream)])),
      schemas: componentSchemas([runRecord, ...publishingSchemasByName]),
      securitySchemes: {
        stream: {
          type: 'scramSha512',
          description: 'The stream’s `username` and `password`. They read its topics, and nothing else.',
        },
      },
    },
  };
}

function channel(messageName: string, topic: string, description: string, parameters: object) {
  return {
    address: topicName('{org}', topic),
    description,
    parameters,
    messages: { [messageName]: { $ref: `#/components/messages/${messageName}` } },
  };
}

function message({ key, schema, eventType = { type: 'string' }, example }: Stream) {
  const headers = streamHeaders('fbecea50-2f35-4969-96af-342271da9eca', 'USER.CREATED');
  return {
    contentType: headers['content-type'],
    headers: {
      type: 'object',
      properties: {
        'event-id': { type: 'string', description: 'The same on each repeat.' },
        'event-type': eventType,
        'content-type': { const: headers['content-type'] },
      },
      required: Object.keys(headers),
    },
    payload: { $ref: schemaReference(schema) },
    bindings: { kafka: { key: { type: 'string', description: key }, bindingVersion: '0.5.0' } },
    examples: [{ payload: example }],
  };
}
