import { z } from 'zod';
import { eventTypePattern } from '../../core/event-types.ts';
import { isForwarded, isHeaderName, isHeaderValue } from '../../core/headers.ts';
import { jsonElements } from '../../core/json-elements.ts';
import { jsonMembers } from '../../core/json-members.ts';
import { RawJson } from '../../core/raw-json.ts';
import { mostDataBytes, mostHeaderBytes } from '../../core/record-event.ts';
import type { NewEvent } from '../publish-events.ts';
import { eventNameSchema } from './event-name.ts';
import { timeSchema } from './event-query.ts';
import { checkInput } from './operation.ts';
import { idSchema } from './orgs.ts';

/** Events of one call. */
const mostEvents = 100;

const metadata = z
  .unknown()
  .superRefine((value, context) => {
    for (const [path, message] of metadataFaults(value)) context.addIssue({ code: 'custom', path, message });
  })
  .transform((value) =>
    Object.fromEntries(
      Object.entries(value as Record<string, string>).map(([name, text]) => [name.toLowerCase(), text]),
    ),
  );

/** An event as a publish call gives it, its `data` put in as it was written. */
export const newEvent = z.strictObject({
  event_type: z.string().regex(eventTypePattern, 'must be an event type, such as order.created'),
  data: z
    .instanceof(RawJson, { error: 'is missing, give any JSON' })
    .refine(({ text }) => Buffer.byteLength(text) <= mostDataBytes, {
      error: `has more than ${mostDataBytes} bytes`,
    }),
  metadata: metadata.optional(),
  endpoint_id: idSchema.optional(),
  id: eventNameSchema.optional(),
  time: timeSchema.optional(),
});

export const newEvents = z
  .array(newEvent)
  .min(1, `must have 1 to ${mostEvents} events`)
  .max(mostEvents, `must have 1 to ${mostEvents} events`);

/**
 * The events of a publish call's body: one, or an array of them.
 * @param text the body as it was sent
 * @throws Problem that names every fault, in an array with the event's index
 */
export function readNewEvents(body: unknown, text: string): NewEvent[] {
  if (!Array.isArray(body)) return [present(checkInput(newEvent, withRawData(body, text)))];
  const texts = jsonElements(text);
  const elements = body.map((element, at) => withRawData(element, texts[at]!));
  return checkInput(newEvents, elements).map(present);
}

/** An event's `data` as it was written: numbers would be rounded. */
function withRawData(event: unknown, text: string): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  const data = jsonMembers(text).get('data');
  return data === undefined ? event : { ...event, data: new RawJson(data) };
}

function present({
  event_type,
  data,
  metadata: headers = {},
  endpoint_id,
  id,
  time,
}: z.output<typeof newEvent>) {
  return {
    eventType: event_type,
    data: data.text,
    headers,
    ...(endpoint_id !== undefined && { endpointId: endpoint_id }),
    ...(id !== undefined && { givenId: id }),
    ...(time !== undefined && { timeMs: time }),
  };
}

/** Everything that is wrong with an event's metadata, each with its path in there. */
function metadataFaults(value: unknown): [path: string[], message: string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [[[], 'must be an object of texts']];
  }
  const faults: [string[], string][] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const [name, text] of Object.entries(value) as [string, unknown][]) {
    const lower = name.toLowerCase();
    const fault = seen.has(lower) ? 'is given twice' : headerFault(lower, text);
    if (fault !== undefined) faults.push([[name], fault]);
    seen.add(lower);
    bytes += name.length + Buffer.byteLength(String(text));
  }
  if (bytes > mostHeaderBytes) faults.push([[], `has ${bytes} bytes; the most is ${mostHeaderBytes}`]);
  return faults;
}

/** Names that would say where an event goes, or that its sender sets, are refused: left out, nobody would miss them. */
function headerFault(name: string, text: unknown): string | undefined {
  if (!isHeaderName(name)) return 'is not the name of an HTTP header';
  if (!isForwarded(name)) return 'is set by Fanout itself or never forwarded';
  if (typeof text !== 'string') return 'must be a text';
  return isHeaderValue(text) ? undefined : 'holds a control character, such as CR, LF or NUL';
}
