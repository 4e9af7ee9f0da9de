import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ledgerEventTypes } from '../../lib/core/ledger-payloads.ts';
import {
  type TopicMapping,
  defaultTopicMapping,
  formatTopicMapping,
  parseTopicMapping,
  topicFor,
  topicsOf,
} from '../../lib/core/topic-mapping.ts';

function mappingOf(input: unknown): TopicMapping {
  const parsed = parseTopicMapping(input);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.mapping;
}

/** The faults as `path: message`. */
function faultsOf(input: unknown): string[] {
  const parsed = parseTopicMapping(input);
  return 'faults' in parsed ? parsed.faults.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('a mapping', () => {
  test.each([
    ['COMMITTED_TRANSACTIONS:default', { COMMITTED_TRANSACTIONS: 'default' }],
    ['*:default', { '*': 'default' }],
    ['SAVED_METADATA:meta,*:rest', { SAVED_METADATA: 'meta', '*': 'rest' }],
    ['SAVED_METADATA:meta *:rest', { SAVED_METADATA: 'meta', '*': 'rest' }],
    [' ,\tSAVED_METADATA:meta , ,\n *:rest,, ', { SAVED_METADATA: 'meta', '*': 'rest' }],
    [
      { INSERTED_SCHEMA: 'Schemas-2', '*': 'ledger' },
      { INSERTED_SCHEMA: 'Schemas-2', '*': 'ledger' },
    ],
    ['SAVED_METADATA:a DELETED_METADATA:A', { SAVED_METADATA: 'a', DELETED_METADATA: 'A' }],
    [`*:${'x'.repeat(100)}`, { '*': 'x'.repeat(100) }],
    ['*:Runs', { '*': 'Runs' }],
  ])('%j says %j', (input, expected) => {
    expect(Object.fromEntries(mappingOf(input))).toEqual(expected);
  });

  test.each([
    ['one without colon', 'default', 'mapping[0]: "default" has no colon; write TYPE:topic'],
    [
      'an empty type',
      ':default',
      'mapping[0]: has no type; write TYPE:topic, or *:topic for the types that are not named',
    ],
    ['an empty topic', '*:', 'mapping[0]: has no topic; write TYPE:topic'],
    [
      'a second colon',
      '*:a:b',
      'mapping[0]: topic "a:b" has a colon; the first one ends the type, a topic has none',
    ],
    ['a dot', '*:a.b', 'mapping[0]: topic "a.b" must be 1 to 100 letters, digits and dashes'],
    ['an underscore', '*:a_b', 'mapping[0]: topic "a_b" must be 1 to 100 letters, digits and dashes'],
    [
      '101 characters',
      `*:${'x'.repeat(101)}`,
      `mapping[0]: topic "${'x'.repeat(100)}" must be 1 to 100 letters, digits and dashes`,
    ],
    ['one type twice', '*:a *:a', 'mapping[1]: names * again; each type comes once'],
    [
      'an unknown type',
      'SAVED:a',
      'mapping[0]: "SAVED" is not a type; the types are COMMITTED_TRANSACTIONS, SAVED_METADATA, UPDATED_MAPPING, REVERTED_TRANSACTION, DELETED_METADATA, INSERTED_SCHEMA, and * for the others',
    ],
    [
      'another stream: runs',
      '*:runs',
      'mapping[0]: topic "runs" is a stream of its own, which is not for ledgers',
    ],
    [
      'another stream: prices',
      '*:prices',
      'mapping[0]: topic "prices" is a stream of its own, which is not for ledgers',
    ],
    [
      'another stream: notifications',
      { '*': 'notifications' },
      'mapping["*"]: topic "notifications" is a stream of its own, which is not for ledgers',
    ],
    [
      'a topic that is no text',
      { SAVED_METADATA: 7 },
      'mapping.SAVED_METADATA: must name its topic with a string',
    ],
    ['an empty topic in an object', { '*': '' }, 'mapping["*"]: has no topic; write TYPE:topic'],
    ['no text', '', 'mapping: has no entries; without a mapping of its own, an org has *:ledger'],
    ['only separators', ' , ', 'mapping: has no entries; without a mapping of its own, an org has *:ledger'],
    ['no members', {}, 'mapping: has no entries; without a mapping of its own, an org has *:ledger'],
    ['a list', ['*:a'], 'mapping: must be text such as "*:ledger", or an object such as {"*": "ledger"}'],
    ['null', null, 'mapping: must be text such as "*:ledger", or an object such as {"*": "ledger"}'],
    ['nothing', undefined, 'mapping: must be text such as "*:ledger", or an object such as {"*": "ledger"}'],
  ])('with %s is refused', (_, input, fault) => {
    expect(faultsOf(input)).toEqual([fault]);
  });

  test('is refused for all of its entries at once', () => {
    const faults = faultsOf('SAVED_METADATA:ok NOPE:a.b default :x SAVED_METADATA:runs');
    expect(faults.map((fault) => fault.slice(0, 20))).toEqual([
      'mapping[1]: "NOPE" i',
      'mapping[1]: topic "a',
      'mapping[2]: "default',
      'mapping[3]: has no t',
      'mapping[4]: names SA',
      'mapping[4]: topic "r',
    ]);
  });

  test('has at most 100 entries and 4,096 characters', () => {
    expect(faultsOf('a '.repeat(100))).toHaveLength(100);
    expect(faultsOf('a '.repeat(101))).toEqual(['mapping: has 101 entries; the most is 100']);
    const names = Array.from({ length: 101 }, (_, at) => [`T${at}`, 'a']);
    expect(faultsOf(Object.fromEntries(names))).toEqual(['mapping: has 101 entries; the most is 100']);
    expect(faultsOf(`*:a${' '.repeat(4_093)}`)).toEqual([]);
    expect(faultsOf(`*:a${' '.repeat(4_094)}`)).toEqual(['mapping: has 4097 characters; the most is 4096']);
    expect(faultsOf({ '*': 'x'.repeat(4_089) })).toEqual(['mapping: has 4097 characters; the most is 4096']);
  });
});

describe('the topic of a type', () => {
  test.each([
    ['*:rest SAVED_METADATA:meta', 'SAVED_METADATA', 'meta'],
    ['*:rest SAVED_METADATA:meta', 'INSERTED_SCHEMA', 'rest'],
    ['SAVED_METADATA:meta', 'INSERTED_SCHEMA', 'ledger'],
  ] as const)('by %s of %s is %s', (text, type, topic) => {
    expect(topicFor(mappingOf(text), type)).toBe(topic);
  });

  test('is ledger where no mapping was given', () => {
    expect(topicsOf(defaultTopicMapping)).toEqual(['ledger']);
    expect(topicFor(defaultTopicMapping, 'UPDATED_MAPPING')).toBe('ledger');
  });
});

test.each([
  ['SAVED_METADATA:meta', ['ledger', 'meta']],
  ['SAVED_METADATA:meta *:rest', ['rest', 'meta']],
  [Object.fromEntries(ledgerEventTypes.map((type) => [type, 'one'])), ['one']],
  // Nothing is left for the topic of `*`.
  [{ ...Object.fromEntries(ledgerEventTypes.map((type) => [type, 'one'])), '*': 'none' }, ['one']],
])('the topics of %j are %j', (input, topics) => {
  expect(topicsOf(mappingOf(input))).toEqual(topics);
});

test('a mapping as text has its types in one order, and reads as the same mapping', () => {
  expect(formatTopicMapping(mappingOf('*:rest,INSERTED_SCHEMA:s,SAVED_METADATA:m'))).toBe(
    'SAVED_METADATA:m INSERTED_SCHEMA:s *:rest',
  );
  const topic = fc
    .stringMatching(/^[A-Za-z0-9-]{1,100}$/)
    .filter((name) => !/^(runs|notifications|prices)$/.test(name));
  const types = fc.uniqueArray(fc.constantFrom('*', ...ledgerEventTypes), { minLength: 1 });
  const entries = types.chain((names) =>
    fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), topic))),
  );
  fc.assert(
    fc.property(entries, (pairs) => {
      const mapping = mappingOf(Object.fromEntries(pairs));
      expect(mapping).toEqual(new Map(pairs));
      expect(mappingOf(formatTopicMapping(mapping))).toEqual(mapping);
      expect(mappingOf(pairs.map((pair) => pair.join(':')).join(','))).toEqual(mapping);
    }),
  );
});

test('anything gives a mapping or faults, never a crash', () => {
  const entry = fc.tuple(
    fc.constantFrom(...ledgerEventTypes, '*', 'x', ''),
    fc.constantFrom(':', '', '::'),
    fc.string(),
  );
  const text = fc.array(entry).map((entries) => entries.map((parts) => parts.join('')).join(' '));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.string()), text), (input) => {
      const parsed = parseTopicMapping(input);
      if ('faults' in parsed) expect(parsed.faults.length).toBeGreaterThan(0);
      else expect(parsed.mapping.size).toBeGreaterThan(0);
    }),
  );
});
