import { isUtf8 } from 'node:buffer';
import { eventTypePattern } from './event-types.ts';
import { type Headers, isForwarded, isHeaderName, isHeaderValue, messageTypeHeader } from './headers.ts';
import { idPattern } from './identifiers.ts';
import { jsonMembers } from './json-members.ts';
import { RecordRejected } from './rejection.ts';
import type { SourceRecord } from './source-record.ts';

/** For whom an event is. */
export type Target =
  | { readonly type: 'single'; readonly endpointId: string; readonly ownerId?: string }
  | { readonly type: 'fanout'; readonly ownerId: string }
  | { readonly type: 'broadcast' };

/** What a record says, once it is understood. */
export interface RecordEvent {
  readonly eventType: string;
  /** JSON text, exactly as it was sent. */
  readonly data: string;
  /** What is forwarded: record headers over `custom_headers`, names in lower case. */
  readonly headers: Headers;
  /** Record headers that cannot be forwarded, because their value or name is no HTTP header's. */
  readonly droppedHeaders: readonly string[];
  readonly target: Target;
  readonly idempotencyKey?: string;
  /** What its publisher calls it, and receivers see in place of the id that it has here. */
  readonly givenId?: string;
}

/** Limits on what an event may hold, in bytes. */
export const mostDataBytes = 256 * 1024;
export const mostHeaderBytes = 32 * 1024;

const fields = [
  'event_type',
  'data',
  'custom_headers',
  'idempotency_key',
  'owner_id',
  'endpoint_id',
] as const;
type Field = (typeof fields)[number];

/**
 * Reads the ingest contract's JSON object.
 * @param text a record's value, or what its transform made of it
 * @param recordHeaders the record's own headers
 * @throws RecordRejected with the reason and every fault that was found in the fields
 */
export function readRecordEvent(text: string, recordHeaders: SourceRecord['headers']): RecordEvent {
  const fields = readFields(text);
  const { headers, droppedHeaders } = mergeHeaders(recordHeaders, fields.custom_headers ?? {});
  const target = chooseTarget(headers.get(messageTypeHeader), fields.endpoint_id, fields.owner_id);
  return {
    eventType: fields.event_type,
    data: fields.data,
    headers: Object.fromEntries([...headers].filter(([name]) => isForwarded(name))),
    droppedHeaders,
    target,
    idempotencyKey: fields.idempotency_key,
  };
}

interface Fields extends Partial<Record<Exclude<Field, 'custom_headers'>, string>> {
  event_type: string;
  /** As it was written. */
  data: string;
  custom_headers?: Record<string, string>;
}

/** All faults of the fields at once: whoever mends a producer wants to do it once. */
function readFields(text: string): Fields {
  const value = parseObject(text);
  const faults: string[] = [];
  const string = (name: Field, pattern: RegExp, rule: string, required = false) => {
    const field = value[name];
    // The reference transform returns empty strings for what it does not set.
    if (field === undefined || field === null || field === '') {
      if (required) faults.push(`${name}: is missing, give ${rule}`);
      return undefined;
    }
    if (typeof field === 'string' && pattern.test(field)) return field;
    faults.push(`${name}: must be ${rule}`);
    return undefined;
  };

  const unknown = Object.keys(value).filter((name) => !(fields as readonly string[]).includes(name));
  for (const name of unknown)
    faults.push(`${name.slice(0, 100)}: is not a field (the fields are ${fields.join(', ')})`);
  const eventType = string(
    'event_type',
    eventTypePattern,
    'a string of 1 to 256 printable ASCII characters',
    true,
  );
  const idempotencyKey = string('idempotency_key', /^.{1,256}$/su, 'a string of 1 to 256 characters');
  const ownerId = string('owner_id', idPattern, `an org's id (${idPattern.source})`);
  const endpointId = string('endpoint_id', idPattern, `an endpoint's id (${idPattern.source})`);
  if (value['data'] === undefined) faults.push('data: is missing, give any JSON');
  const customHeaders = readCustomHeaders(value['custom_headers'], faults);
  if (faults.length > 0) throw new RecordRejected('invalid_event', faults.slice(0, 20).join('; '));

  const data = jsonMembers(text).get('data')!;
  const size = Buffer.byteLength(data);
  if (size > mostDataBytes) {
    throw new RecordRejected('data_too_large', `data has ${size} bytes; the most is ${mostDataBytes}`);
  }
  return {
    event_type: eventType!,
    data,
    custom_headers: customHeaders,
    idempotency_key: idempotencyKey,
    owner_id: ownerId,
    endpoint_id: endpointId,
  };
}

function parseObject(text: string): Record<string, unknown> {
  if (text.startsWith('\uFEFF')) {
    throw new RecordRejected('invalid_json', 'the value begins with a byte order mark; send it without');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the text around the fault; what a record holds has no place in a reason.
    const position = /position (\d+)/.exec(String(error))?.[1];
    throw new RecordRejected(
      'invalid_json',
      `the value is not JSON${position ? ` (at character ${position})` : ''}`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordRejected('invalid_event', 'the value must be a JSON object');
  }
  return value as Record<string, unknown>;
}

function readCustomHeaders(value: unknown, faults: string[]): Record<string, string> | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) {
    faults.push('custom_headers: must be an object of strings');
    return undefined;
  }
  for (const [name, header] of Object.entries(value)) {
    const at = `custom_headers.${name.slice(0, 100)}`;
    if (!isHeaderName(name)) faults.push(`${at}: is not the name of an HTTP header`);
    if (typeof header !== 'string') faults.push(`${at}: must be a string`);
    else if (!isHeaderValue(header)) faults.push(`${at}: holds a control character, such as CR, LF or NUL`);
  }
  return value as Record<string, string>;
}

/** One map from both kinds of header; a record header wins, and of several with one name the last, as Kafka reads them. */
function mergeHeaders(
  recordHeaders: SourceRecord['headers'],
  customHeaders: Record<string, string>,
): { headers: Map<string, string>; droppedHeaders: string[] } {
  const headers = new Map<string, string>();
  const droppedHeaders: string[] = [];
  let size = 0;
  for (const [name, value] of Object.entries(customHeaders)) {
    headers.set(name.toLowerCase(), value);
    size += name.length + Buffer.byteLength(value);
  }
  for (const [name, bytes] of recordHeaders) {
    size += name.length + bytes.length;
    // Tracing agents put binary headers on records. They cannot go into HTTP, and are no reason to hold the event.
    if (name.toLowerCase() === messageTypeHeader && !isUtf8(bytes)) {
      throw new RecordRejected('unknown_message_type', `${messageTypeHeader} is not UTF-8`);
    }
    if (!isHeaderName(name) || !isUtf8(bytes)) {
      droppedHeaders.push(name.slice(0, 100));
      continue;
    }
    const value = bytes.toString('utf8');
    if (!isHeaderValue(value)) {
      throw new RecordRejected(
        'invalid_header',
        `record header ${name} holds a control character, such as CR, LF or NUL`,
      );
    }
    headers.set(name.toLowerCase(), value);
  }
  if (size > mostHeaderBytes) {
    throw new RecordRejected(
      'headers_too_large',
      `the headers have ${size} bytes; the most is ${mostHeaderBytes}`,
    );
  }
  return { headers, droppedHeaders };
}

function chooseTarget(messageType: string | undefined, endpointId?: string, ownerId?: string): Target {
  switch (messageType || (endpointId ? 'single' : ownerId ? 'fanout' : '')) {
    case 'single':
      if (!endpointId)
        throw new RecordRejected('no_target', `${messageTypeHeader} is single, which needs endpoint_id`);
      return { type: 'single', endpointId, ownerId };
    case 'fanout':
      if (!ownerId)
        throw new RecordRejected('no_target', `${messageTypeHeader} is fanout, which needs owner_id`);
      return { type: 'fanout', ownerId };
    case 'broadcast':
      return { type: 'broadcast' };
    case '':
      throw new RecordRejected(
        'no_target',
        `give endpoint_id, owner_id, or the header ${messageTypeHeader}: broadcast`,
      );
    default:
      throw new RecordRejected(
        'unknown_message_type',
        `${messageTypeHeader} is '${messageType?.slice(0, 100)}'; it must be single, fanout or broadcast`,
      );
  }
}
