import { z } from 'zod';
import { replayedStates } from '../../../core/replay.ts';
import { listQuery } from '../listing.ts';
import { mostRunning } from '../../replay-jobs.ts';
import { idSchema } from '../orgs.ts';
import { type Descriptions, type NamedSchema, listNotes, pageOf, time } from './description.ts';

const replay: NamedSchema = {
  name: 'Replay',
  schema: z.object({
    id: idSchema,
    kind: z
      .enum(['replay', 'release'])
      .describe('`release`: the held deliveries of an endpoint that is active again.'),
    endpoint_id: idSchema.optional(),
    since: time.optional(),
    until: time.optional(),
    event_type: z.string().optional(),
    states: z.array(z.enum(replayedStates)).optional(),
    rate: z.int().describe('Deliveries a second at most.'),
    state: z.enum(['running', 'stopped', 'done']),
    considered: z.int().describe('Events that were looked at, or held deliveries.'),
    replayed: z.int().describe('Deliveries that were made once more.'),
    created_at: time,
    updated_at: time,
  }),
};

const one = '/v1/orgs/{org}/replays/{replay}';

export const replayDescriptions: Descriptions = {
  'POST /v1/orgs/{org}/replays': {
    id: 'createReplay',
    tag: 'Replays',
    summary: 'Make all deliveries that match once more',
    description: `An org may have ${mostRunning} replays running; another is a conflict.`,
    body: {
      name: 'NewReplay',
      fields: {
        since: { format: 'date-time', description: 'Events from then on.' },
        until: { format: 'date-time', description: 'Events before then; at most 366 days after `since`.' },
        event_type: 'Exact, or a prefix such as `order.*`.',
        endpoint_id: 'Only deliveries to it; needed for `never_attempted`.',
        states: '`never_attempted`: events that the endpoint now receives and never had.',
        rate: 'Deliveries a second.',
      },
      examples: {
        failed: {
          since: '2026-11-20T00:00:00Z',
          until: '2026-11-21T00:00:00Z',
          endpoint_id: 'orders',
          event_type: 'order.*',
          states: ['failed'],
          rate: 50,
        },
      },
    },
    answer: { status: 202, description: 'The replay.', schema: replay },
    problems: ['conflict'],
  },
  'GET /v1/orgs/{org}/replays': {
    id: 'listReplays',
    tag: 'Replays',
    summary: 'List the replays of an org',
    query: { schema: listQuery, fields: listNotes },
    answer: { status: 200, description: 'A page of replays.', schema: pageOf(replay) },
  },
  [`GET ${one}`]: {
    id: 'getReplay',
    tag: 'Replays',
    summary: 'Read how far a replay is',
    answer: { status: 200, description: 'The replay.', schema: replay },
  },
  [`DELETE ${one}`]: {
    id: 'stopReplay',
    tag: 'Replays',
    summary: 'Stop a replay',
    answer: { status: 200, description: 'The replay, stopped unless it was done.', schema: replay },
  },
  [`POST ${one}/resume`]: {
    id: 'resumeReplay',
    tag: 'Replays',
    summary: 'Go on with a replay that was stopped',
    answer: { status: 202, description: 'The replay.', schema: replay },
    problems: ['conflict'],
  },
};
