import { type FieldFault, type Report, faultList, memberPath } from './field-faults.ts';
import { type LedgerEventType, ledgerEventTypes } from './ledger-payloads.ts';

/** Which types of ledger events go to which topics of an org; `*` stands for the types that are not named. */
export type TopicMapping = ReadonlyMap<MappedType, string>;

export type MappedType = LedgerEventType | '*';

export type ParsedTopicMapping =
  | { readonly mapping: TopicMapping }
  /** All of them: as text `mapping[0]` is the first entry, as an object `mapping.SAVED_METADATA` that member. */
  | { readonly faults: readonly FieldFault[] };

/** Where types go that no mapping names. */
const unmappedTopic = 'ledger';

/** The mapping of an org that has given none. */
export const defaultTopicMapping: TopicMapping = new Map([['*', unmappedTopic]]);

const mappedTypes: readonly MappedType[] = [...ledgerEventTypes, '*'];
/** What a topic of a mapping may be called, without the org before it. */
export const topicPattern = /^[A-Za-z0-9-]{1,100}$/;
/** The org's own streams, which have contents of another kind. `ledger` is free to be named. */
const otherStreams: readonly string[] = ['runs', 'notifications', 'prices'];
const mostEntries = 100;
const mostCharacters = 4_096;

/**
 * Reads a mapping in which each type comes once: `TYPE:topic` and `*:topic`, separated by commas, spaces or both, each
 * split at its first colon; or an object `{TYPE: topic}`.
 * @param input parsed JSON: at most 100 entries, and 4,096 characters, an object's counted as compact JSON
 * @returns the mapping, or what is wrong with each entry
 */
export function parseTopicMapping(input: unknown): ParsedTopicMapping {
  const { faults, report } = faultList();
  const entries = entriesOf(input, report);
  if (entries.length > mostEntries) {
    report('mapping', `has ${entries.length} entries; the most is ${mostEntries}`);
    return { faults };
  }
  const mapping = new Map<MappedType, string>();
  for (const { path, type, topic } of entries) {
    if (topic === undefined) {
      report(path, `${shown(type)} has no colon; write TYPE:topic`);
      continue;
    }
    const known = mappedTypes.find((name) => name === type);
    if (known === undefined) report(path, typeFault(type));
    else if (mapping.has(known)) report(path, `names ${known} again; each type comes once`);
    const fault = topicFault(topic);
    if (fault !== undefined) report(path, fault);
    if (known !== undefined) mapping.set(known, topic as string);
  }
  return faults.length > 0 ? { faults } : { mapping };
}

/** The topic of a type, without the org before it: the type's own, else that of `*`, else `ledger`. */
export function topicFor(mapping: TopicMapping, type: LedgerEventType): string {
  return mapping.get(type) ?? mapping.get('*') ?? unmappedTopic;
}

/** All topics that events may go to, each once. */
export function topicsOf(mapping: TopicMapping): string[] {
  return [...new Set(ledgerEventTypes.map((type) => topicFor(mapping, type)))];
}

/** The mapping as text, the same for all ways to write it. */
export function formatTopicMapping(mapping: TopicMapping): string {
  return mappedTypes
    .filter((type) => mapping.has(type))
    .map((type) => `${type}:${mapping.get(type)}`)
    .join(' ');
}

interface Entry {
  readonly path: string;
  /** All of an entry that has no colon. */
  readonly type: string;
  readonly topic: unknown;
}

/** What is no entry is reported and left out. */
function entriesOf(input: unknown, report: Report): Entry[] {
  const isText = typeof input === 'string';
  if (!isText && (typeof input !== 'object' || input === null || Array.isArray(input))) {
    report('mapping', 'must be text such as "*:ledger", or an object such as {"*": "ledger"}');
    return [];
  }
  const characters = isText ? input.length : JSON.stringify(input).length;
  if (characters > mostCharacters) {
    report('mapping', `has ${characters} characters; the most is ${mostCharacters}`);
    return [];
  }
  return isText ? textEntries(input, report) : objectEntries(input, report);
}

function textEntries(text: string, report: Report): Entry[] {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  if (entries.length === 0) report('mapping', isEmpty);
  return entries.map((entry, index) => {
    const path = memberPath('mapping', index);
    const colon = entry.indexOf(':');
    return colon < 0
      ? { path, type: entry, topic: undefined }
      : { path, type: entry.slice(0, colon), topic: entry.slice(colon + 1) };
  });
}

function objectEntries(input: object, report: Report): Entry[] {
  const entries = Object.entries(input);
  if (entries.length === 0) report('mapping', isEmpty);
  return entries.map(([type, topic]: [string, unknown]) => ({
    path: memberPath('mapping', type),
    type,
    topic,
  }));
}

const isEmpty = 'has no entries; without a mapping of its own, an org has *:ledger';

function typeFault(type: string): string {
  if (type === '') return 'has no type; write TYPE:topic, or *:topic for the types that are not named';
  return `${shown(type)} is not a type; the types are ${ledgerEventTypes.join(', ')}, and * for the others`;
}

function topicFault(topic: unknown): string | undefined {
  if (typeof topic !== 'string') return 'must name its topic with a string';
  if (topic === '') return 'has no topic; write TYPE:topic';
  if (topic.includes(':'))
    return `topic ${shown(topic)} has a colon; the first one ends the type, a topic has none`;
  if (!topicPattern.test(topic)) return `topic ${shown(topic)} must be 1 to 100 letters, digits and dashes`;
  if (otherStreams.includes(topic))
    return `topic ${shown(topic)} is a stream of its own, which is not for ledgers`;
  return undefined;
}

const shown = (text: string) => JSON.stringify(text.slice(0, 100));
