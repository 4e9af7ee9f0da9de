import {
  type JsonObject,
  type JsonValue,
  isList,
  isObject,
  kindOf,
  parseJson,
  writeJson,
} from './json-value.ts';
import { type PayloadPath, writePath } from './payload-path.ts';
import { TemplateError, columnOf } from './template-error.ts';
import { type Template, isTemplate, parseTemplate } from './template.ts';

/** The payload of a Kafka action node, with its templates read: one object for each record. */
export interface Payload {
  readonly records: readonly PayloadObject[];
}

export type PayloadNode =
  | { readonly kind: 'text'; readonly json: string }
  | PayloadString
  | { readonly kind: 'list'; readonly items: readonly PayloadNode[] }
  | PayloadObject;

/** A string with templates, and where it stands. */
export interface PayloadString {
  readonly kind: 'template';
  readonly source: string;
  readonly template: Template;
  readonly path: PayloadPath;
}

export interface PayloadObject {
  readonly kind: 'object';
  readonly members: readonly PayloadMember[];
  readonly path: PayloadPath;
}

export interface PayloadMember {
  readonly name: string | PayloadString;
  readonly value: PayloadNode;
}

/** One fault of a payload. */
export interface PayloadFault {
  /** As `payload.data.items[0]`; for a member's name, the path of that member. */
  readonly path: string;
  /** Where in the string at that path, from 1; absent where the fault is not in a template. */
  readonly column?: number;
  readonly message: string;
}

/** Characters of a payload before it is rendered: what it costs to read its templates goes by them. */
const mostPayloadCharacters = 1024 * 1024;
/** Records of one call. */
export const mostRecords = 100;
/** How deep objects and arrays of a payload stand in each other. */
export const mostPayloadLevels = 32;
/** Faults that are told at once. */
const mostFaults = 100;

/**
 * Reads a payload: an object, or an array of 1 to 100 objects, each of which makes a record. All strings in it may hold
 * templates (see parseTemplate), names of members too.
 * @param json the payload as JSON text, whose numbers are kept as written
 * @returns the payload, or all its faults, the first 100 of them
 */
export function compilePayload(json: string): Payload | { readonly faults: readonly PayloadFault[] } {
  const [value, fault] = readPayload(json);
  if (fault !== undefined) return { faults: [{ path: 'payload', message: fault }] };
  const faults: PayloadFault[] = [];
  const records = isList(value)
    ? value.map((element, index) => compileRecord(element, [index], faults))
    : [compileRecord(value, [], faults)];
  return faults.length > 0 ? { faults } : { records };
}

/** The value, or what is wrong with it as a whole. */
function readPayload(json: string): [value: JsonValue, fault?: string] {
  if (json.length > mostPayloadCharacters) {
    return [null, `has ${json.length} characters; the most is ${mostPayloadCharacters}`];
  }
  let value: JsonValue | undefined;
  try {
    value = parseJson(json, mostPayloadLevels);
  } catch (error) {
    return [null, `is no JSON: ${(error as SyntaxError).message}`];
  }
  if (value === undefined) return [null, `is more than ${mostPayloadLevels} levels deep`];
  if (isList(value) && (value.length === 0 || value.length > mostRecords)) {
    return [null, `has ${value.length} elements; an array has 1 to ${mostRecords}, one for each record`];
  }
  return [value];
}

function compileRecord(value: JsonValue, path: PayloadPath, faults: PayloadFault[]): PayloadObject {
  if (isObject(value)) return compileObject(value, path, faults);
  const wanted = path.length === 0 ? 'an object, or an array of objects' : 'an object';
  tell(faults, { path: writePath(path), message: `must be ${wanted}, not ${kindOf(value)}` });
  return { kind: 'object', members: [], path };
}

function compileNode(value: JsonValue, path: PayloadPath, faults: PayloadFault[]): PayloadNode {
  if (typeof value === 'string' && isTemplate(value)) return compileString(value, path, faults);
  if (isList(value)) {
    return {
      kind: 'list',
      items: value.map((item, index) => compileNode(item, [...path, index], faults)),
    };
  }
  if (isObject(value)) return compileObject(value, path, faults);
  return { kind: 'text', json: writeJson(value) };
}

function compileObject(value: JsonObject, path: PayloadPath, faults: PayloadFault[]): PayloadObject {
  const members = Object.entries(value).map(([name, part]) => {
    const at = [...path, name];
    return {
      name: isTemplate(name) ? compileString(name, at, faults) : name,
      value: compileNode(part, at, faults),
    };
  });
  return { kind: 'object', members, path };
}

function compileString(source: string, path: PayloadPath, faults: PayloadFault[]): PayloadString {
  const template = tryAt(source, path, faults, () => parseTemplate(source));
  return { kind: 'template', source, template: template ?? [], path };
}

/** Adds a fault, unless there are 100 already: every string of a large payload may have one. */
export function tell(faults: PayloadFault[], fault: PayloadFault): void {
  if (faults.length < mostFaults) faults.push(fault);
}

/** What `work` makes of the string at a path; undefined where the string's template is at fault, which is then told. */
export function tryAt<T>(
  source: string,
  path: PayloadPath,
  faults: PayloadFault[],
  work: () => T,
): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    tell(faults, { path: writePath(path), column: columnOf(source, error.at), message: error.message });
    return undefined;
  }
}
