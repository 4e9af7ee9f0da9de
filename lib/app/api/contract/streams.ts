import { z } from 'zod';
import { type Descriptions, type NamedSchema, time } from './description.ts';

const user = z.object({
  username: z.string(),
  password: z.string().describe('Whole in the answer that makes it, then its last four characters.'),
});

const stream: NamedSchema = {
  name: 'Stream',
  schema: z.object({
    status: z
      .enum(['provisioning', 'rotating', 'deleting', 'ready', 'failed'])
      .describe('Consumers may connect once it is `ready`. `failed`: a PUT tries again.'),
    error: z
      .object({
        class: z.enum(['capacity', 'topic_taken', 'unreachable', 'not_permitted', 'refused']),
        step: z.string(),
        message: z.string(),
      })
      .optional()
      .describe(
        'Why the work does not go on. All but `capacity` and `topic_taken` are tried again by themselves.',
      ),
    topics: z.record(z.string(), z.string()).describe('By what is in them, such as `runs`: `acme.runs`.'),
    partitions: z.int().describe('Of each topic.'),
    group_prefix: z.string().describe('Consumer groups must begin with it.'),
    username: user.shape.username,
    password: user.shape.password,
    bootstrap_servers: z.string().optional().describe('`host:port`, several separated by commas.'),
    security_protocol: z.enum(['SASL_SSL', 'SASL_PLAINTEXT']).optional(),
    sasl_mechanism: z.literal('SCRAM-SHA-512'),
    next: user.optional().describe('Takes over once a rotation is done.'),
    former: z
      .object({ username: z.string(), valid_until: time })
      .optional()
      .describe('May still read after a rotation.'),
    commands: z
      .object({ list: z.string(), consume: z.record(z.string(), z.string()) })
      .optional()
      .describe('For kcat: lists the topics, and consumes each.'),
    created_at: time,
    updated_at: time,
  }),
};

const path = '/v1/orgs/{org}/stream';

export const streamDescriptions: Descriptions = {
  [`PUT ${path}`]: {
    id: 'provisionStream',
    tag: 'Streams',
    summary: "Make an org's Kafka topics and credentials",
    description:
      'On MSK this takes up to ten minutes: ask GET until `status` is `ready`. A repeat makes what is missing, with the same password.',
    body: {
      name: 'WantedStream',
      fields: {
        partitions:
          'Of each topic; cannot change. 1 unless the first PUT says otherwise; all topics of an org have 100 at most.',
      },
      examples: { partitions: { partitions: 3 } },
    },
    answer: {
      status: 202,
      description: 'The stream. A password that was made is in this answer only.',
      schema: stream,
    },
    problems: ['conflict'],
  },
  [`GET ${path}`]: {
    id: 'getStream',
    tag: 'Streams',
    summary: 'Read a stream, and how to connect',
    answer: { status: 200, description: 'The stream, passwords masked.', schema: stream },
  },
  [`DELETE ${path}`]: {
    id: 'deleteStream',
    tag: 'Streams',
    summary: 'Remove a stream: rights, users, and topics with their records',
    description: 'It is done when GET answers 404.',
    answer: { status: 202, description: 'The stream, `deleting`.', schema: stream },
  },
  [`POST ${path}/rotate`]: {
    id: 'rotateStreamCredentials',
    tag: 'Streams',
    summary: 'Give a stream new credentials',
    body: {
      name: 'CredentialRotation',
      fields: { overlap_seconds: 'Seconds for which those before work too, once the new ones do.' },
      examples: { rotation: { overlap_seconds: 3600 } },
    },
    answer: { status: 202, description: 'The stream, with the `next` password, once.', schema: stream },
    problems: ['conflict'],
  },
};
