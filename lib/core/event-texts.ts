import { type Report, memberPath } from './field-faults.ts';
import { jsonElements } from './json-elements.ts';
import { type JsonObject, isObject, parseJson } from './templates/json-value.ts';

/** An event of a publish call as it was written, and where it stands in the body. */
export interface EventText {
  /** As `[3]`; empty for the body itself. */
  readonly path: string;
  /** JSON. */
  readonly text: string;
}

export interface ReadEvent extends EventText {
  /** Its numbers are kept as written. */
  readonly event: JsonObject;
}

/** Limits of a publish call: its events, UTF-8 bytes of each, and how deep its objects and arrays stand in each other. */
export const mostEvents = 500;
export const mostEventBytes = 256 * 1024;
export const mostEventLevels = 32;

/** @returns what the body says, numbers rounded; undefined when it is no JSON, which is reported */
export function parseBody(body: string, report: Report): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    report('', 'is not JSON');
    return undefined;
  }
}

/**
 * The events of an array.
 * @param text the array, which JSON.parse has accepted
 * @param count how many elements it has; other than 1 to 500 are reported, and then none is given back
 * @param path where the array stands
 */
export function eventTexts(text: string, count: number, path: string, report: Report): EventText[] {
  if (count < 1 || count > mostEvents) {
    report(path, `has ${count} events; it must have 1 to ${mostEvents}`);
    return [];
  }
  return jsonElements(text).map((element, index) => ({ path: memberPath(path, index), text: element }));
}

/**
 * Reads each text and has it checked. What is too large, or no object, is reported and left out.
 * @param check reports what is wrong with an event
 */
export function readEvents(
  texts: readonly EventText[],
  check: (event: ReadEvent, report: Report) => void,
  report: Report,
): ReadEvent[] {
  return texts.flatMap(({ path, text }) => {
    const event = readEvent(text);
    if (typeof event === 'string') {
      report(path, event);
      return [];
    }
    check({ path, text, event }, report);
    return [{ path, text, event }];
  });
}

/**
 * An event that stands in a call twice, with the same text, is taken once, where it stands first; with another text it is reported.
 * @param idOf what consumers tell repeats by; undefined where it is Fanout's to make, or has a fault of its own
 * @param member where the event says it
 */
export function withoutRepeats(
  read: readonly ReadEvent[],
  idOf: (event: JsonObject) => string | undefined,
  member: string,
  report: Report,
): ReadEvent[] {
  const firsts = new Map<string, ReadEvent>();
  return read.filter((one) => {
    const id = idOf(one.event);
    const first = id === undefined ? undefined : firsts.get(id);
    if (first === undefined) {
      if (id !== undefined) firsts.set(id, one);
      return true;
    }
    if (first.text !== one.text)
      report(
        memberPath(one.path, member),
        `is the ${member} of ${first.path} too, which says something else`,
      );
    return false;
  });
}

/** The event, or what is wrong with it as a whole. */
function readEvent(text: string): JsonObject | string {
  const bytes = Buffer.byteLength(text);
  if (bytes > mostEventBytes) return `has ${bytes} bytes; the most is ${mostEventBytes}`;
  const event = parseJson(text, mostEventLevels);
  if (event === undefined) return `has objects and arrays in each other more than ${mostEventLevels} deep`;
  return isObject(event) ? event : 'must be an object';
}
