import { expect, test } from 'vitest';
import {
  type ClusterCapacity,
  type Shortage,
  orgShortage,
  shortageOf,
} from '../../lib/core/stream-capacity.ts';

const need = { topics: ['acme.runs', 'acme.ledger'], partitions: 3, usernames: ['acme.a'] };

test.each<[string, string[], string[], ClusterCapacity, Shortage['of'] | undefined]>([
  ['room for exactly that', [], [], { mostUsers: 1, mostPartitions: 6 }, undefined],
  ['a partition too few', [], [], { mostUsers: 1, mostPartitions: 5 }, 'partitions'],
  ['a user too few', [], ['globex.a'], { mostUsers: 1, mostPartitions: 6 }, 'users'],
  ['other topics in the way', ['globex.runs'], [], { mostUsers: 1, mostPartitions: 6 }, 'partitions'],
  ['half of it there', ['acme.runs'], [], { mostUsers: 1, mostPartitions: 4 }, undefined],
  [
    'all of it there, beyond the limit',
    ['acme.runs', 'acme.ledger'],
    ['acme.a'],
    { mostUsers: 0, mostPartitions: 0 },
    undefined,
  ],
])('%s', (_name, topics, usernames, capacity, short) => {
  const there = { topics: new Map(topics.map((topic) => [topic, 1])), usernames: new Set(usernames) };
  expect(shortageOf(need, there, capacity)?.of).toBe(short);
});

test('tells how much is used', () => {
  const there = { topics: new Map([['globex.runs', 5]]), usernames: new Set<string>() };
  expect(shortageOf(need, there, { mostUsers: 9, mostPartitions: 10 })).toEqual({
    of: 'partitions',
    used: 5,
    most: 10,
  });
});

test.each([
  ['all that it may', 0, 4, 25, undefined],
  ['one too many of each', 0, 4, 26, 0],
  ['more than there is left', 4, 2, 20, 80],
  ['none more, beyond the limit', 24, 0, 100, undefined],
])('an org with %s', (_name, topics, more, partitions, used) => {
  const shortage = used === undefined ? undefined : { of: 'partitions of the org', used, most: 100 };
  expect(orgShortage(topics, more, partitions)).toEqual(shortage);
});
