import { z } from 'zod';
import { listQuery as deliveryQuery } from '../deliveries.ts';
import { operatorQuery, orgQuery } from '../event-query.ts';
import { namedQuery } from '../named-event.ts';
import { newEvent, newEvents } from '../new-events.ts';
import { type Descriptions, type FieldNotes, type NamedSchema, listNotes, pageOf } from './description.ts';
import { delivery, listedEvent, publishedEvent, publishedEvents, trace } from './event-answers.ts';
import { anySource, placeNotes, sourceNote, topicNote } from './place-notes.ts';

const times = { format: 'date-time' };
const queryNotes: FieldNotes = {
  ...listNotes,
  since: { ...times, description: 'From then on; by default 24 hours before `until`.' },
  until: { ...times, description: 'Before then; by default now.' },
  event_type: 'Exact, or a prefix such as `order.*`.',
};

const newEventNotes: FieldNotes = {
  event_type: '1 to 256 printable ASCII characters.',
  data: 'Any JSON of up to 256 KiB. Endpoints get it byte for byte.',
  metadata: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Headers. Names that Fanout sets or never forwards are refused. 16 KiB at most.',
  },
  endpoint_id: "One of the org's endpoints; without it, all that match.",
  id: 'What receivers see. Another event of the org with it within 24 hours is not published.',
  time: { ...times, description: 'When it happened; by default now.' },
};

/** The bodies of publish calls by parts. */
export const eventSchemasByName: readonly NamedSchema[] = [
  { name: 'NewEvent', schema: newEvent, fields: newEventNotes },
];

const eventPage = pageOf(listedEvent);
const namedNotes = { org: 'For operators, where the id is one that a publisher gave: the org.' };
const replayAnswer: NamedSchema = {
  name: 'ReplayedDeliveries',
  schema: z.object({ deliveries: z.int().min(0).describe('How many are made once more.') }),
};

export const eventDescriptions: Descriptions = {
  'POST /v1/orgs/{org}/events': {
    id: 'publishEvents',
    tag: 'Events',
    summary: 'Publish an event, or an array of up to 100',
    description:
      'Answered once the events and their deliveries are stored. One event that is not valid refuses all.',
    body: {
      name: 'NewEvents',
      schema: z.union([newEvent, newEvents]),
      examples: {
        event: {
          event_type: 'order.paid',
          data: { total: 110 },
          id: 'evt_123',
          metadata: { 'x-region': 'eu' },
        },
        events: [
          { event_type: 'order.created', data: { order: 42 } },
          { event_type: 'order.shipped', data: { order: 41 }, time: '2026-11-21T14:00:00Z' },
        ],
      },
    },
    answer: {
      status: 202,
      description: 'What became of the event, or of each.',
      schema: {
        name: 'PublishAnswer',
        schema: z.union([publishedEvent.schema, publishedEvents.schema]),
      },
    },
  },
  'GET /v1/orgs/{org}/events': {
    id: 'listOrgEvents',
    tag: 'Events',
    summary: 'List the events of an org, newest first',
    query: {
      schema: orgQuery,
      fields: { ...queryNotes, id: 'The event that was published under it, at whatever time.' },
    },
    answer: { status: 200, description: 'A page of events.', schema: eventPage },
  },
  'GET /v1/events': {
    id: 'listEvents',
    tag: 'Events',
    summary: 'List the events of all orgs, newest first',
    description:
      '`partition` and `offset` with a `source` or `topic` find what became of one record, `idempotency_key` with a ' +
      '`source` the event that has it; both at whatever time.',
    query: {
      schema: operatorQuery([anySource]),
      fields: {
        ...queryNotes,
        ...placeNotes,
        source: { ...sourceNote, description: "A source's name, or `api` for what was published over HTTP." },
        topic: topicNote,
      },
    },
    answer: { status: 200, description: 'A page of events.', schema: eventPage },
  },
  'GET /v1/events/{event}': {
    id: 'getEvent',
    tag: 'Events',
    summary: 'Read the trace of an event',
    description: 'Every attempt, and for each endpoint that does not receive it the reason.',
    query: { schema: namedQuery, fields: namedNotes },
    answer: { status: 200, description: 'The trace.', schema: trace },
  },
  'POST /v1/events/{event}/replay': {
    id: 'replayEvent',
    tag: 'Events',
    summary: 'Deliver an event once more',
    description: 'To the endpoints that had it, or to one, also one that is new.',
    query: { schema: namedQuery, fields: namedNotes },
    body: { name: 'EventReplay', examples: { endpoint: { endpoint_id: 'orders' } } },
    answer: { status: 202, description: 'How many deliveries are made.', schema: replayAnswer },
    problems: ['conflict'],
  },
  'GET /v1/orgs/{org}/deliveries': {
    id: 'listDeliveries',
    tag: 'Deliveries',
    summary: 'List the deliveries to an endpoint by their state',
    description: 'Those that the first attempt delivered are in events and traces only.',
    query: {
      schema: deliveryQuery,
      fields: { ...listNotes, endpoint: "The endpoint's id; needed." },
    },
    answer: { status: 200, description: 'A page of deliveries.', schema: pageOf(delivery) },
  },
  'POST /v1/deliveries/{delivery}/retry': {
    id: 'retryDelivery',
    tag: 'Deliveries',
    summary: 'Make a delivery once more, now',
    description: "The endpoint's schedule begins anew.",
    answer: { status: 202, description: 'The delivery.', schema: delivery },
    problems: ['conflict'],
  },
};
