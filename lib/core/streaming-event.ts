import { eventTypePattern } from './event-types.ts';
import {
  type EventText,
  type ReadEvent,
  eventTexts,
  parseBody,
  readEvents,
  withoutRepeats,
} from './event-texts.ts';
import { type FieldFault, type Report, faultList } from './field-faults.ts';
import { jsonMembers } from './json-members.ts';
import { matching, object, objectWith, optional, time } from './json-rules.ts';
import { RawJson } from './raw-json.ts';
import { type JsonObject, isObject } from './templates/json-value.ts';

/** A notification or a price, on its way to its org's topic. */
export interface StreamingEvent {
  /** The `event-id` header. */
  readonly id: string;
  /** The `event-type` header. */
  readonly type: string;
  /** RFC 3339, as it was written. */
  readonly createdAt: string;
  /** The id of what the event is about, so that its events keep their order; without one, the event's. */
  readonly key: string;
  /** JSON text, exactly as it was sent. */
  readonly value: string;
}

export type StreamingEvents =
  | { readonly events: readonly StreamingEvent[] }
  /** All of them, the first 100. */
  | { readonly faults: readonly FieldFault[] };

/** Every message carries id and type as headers, so an event must have both; types and members that nobody knows pass. */
const eventRule = objectWith({
  id: matching(
    /^[^\p{Cc}\p{Cs}]{1,128}$/u,
    'must be a string of 1 to 128 characters, none a control character',
  ),
  created_at: time,
  type: matching(eventTypePattern, 'must be a string of 1 to 256 printable ASCII characters'),
  object: optional(object),
});

/**
 * Reads one event, or a bundle `{"payload": [...]}` of 1 to 500, each of at most 256 KiB and 32 levels. An object with
 * an `id` is an event, whatever its `payload`; one without `id` that has a `payload` is a bundle, whose other members
 * mean nothing. An event that stands in a bundle twice, with the same text, is taken once, where it stands first.
 * @param body JSON text
 * @returns the events in their order, or what is wrong with which of them: no event is taken unless all are
 */
export function readStreamingEvents(body: string): StreamingEvents {
  const { faults, report } = faultList();
  const value = parseBody(body, report);
  if (value === undefined) return { faults };
  const read = readEvents(textsOf(body, value, report), checkEvent, report);
  const once = withoutRepeats(read, idOf, 'id', report);
  return faults.length > 0 ? { faults } : { events: once.map(streamingEvent) };
}

function checkEvent({ event, path }: ReadEvent, report: Report): void {
  eventRule(event, path, report);
}

/** @param value what the body says */
function textsOf(body: string, value: unknown, report: Report): EventText[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report('', 'must be an event, or a bundle {"payload": [...]} of events');
    return [];
  }
  if (Object.hasOwn(value, 'id') || !('payload' in value)) return [{ path: '', text: body }];
  if (!Array.isArray(value.payload)) {
    report('payload', 'must be an array of events; an object that is an event itself has an id');
    return [];
  }
  return eventTexts(jsonMembers(body).get('payload')!, value.payload.length, 'payload', report);
}

/** What is no id has its own fault already. */
function idOf({ id }: JsonObject): string | undefined {
  return typeof id === 'string' ? id : undefined;
}

/** @param read an event without faults */
function streamingEvent({ event, text }: ReadEvent): StreamingEvent {
  const id = event['id'] as string;
  const about =
    event['object'] !== undefined && isObject(event['object']) ? event['object']['id'] : undefined;
  return {
    id,
    type: event['type'] as string,
    createdAt: event['created_at'] as string,
    key: about instanceof RawJson ? about.text : typeof about === 'string' && about !== '' ? about : id,
    value: text,
  };
}
