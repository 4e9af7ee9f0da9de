import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import { compileFilter } from '../../lib/core/filter.ts';

/** Whether a filter over `data` holds. */
function holds(filter: unknown, data: unknown, headers: Record<string, string> = {}): boolean {
  const compiled = compileFilter({ data: filter }, compilePattern);
  if ('faults' in compiled) throw new Error(JSON.stringify(compiled.faults));
  return compiled.test({ data, headers });
}

/** A condition on `a`, and for which values of `a` it holds. `missing` stands for no `a` at all. */
const missing = Symbol('missing');
const values = {
  missing,
  null: null,
  one: 1,
  two: 2,
  text: 'one',
  empty: '',
  yes: true,
  list: [1, 'one'],
  none: [],
  nested: { b: 1 },
};
type Name = keyof typeof values;

const table: [condition: unknown, holdsFor: Name[]][] = [
  [1, ['one', 'list']],
  ['one', ['text', 'list']],
  [null, ['null']],
  [true, ['yes']],
  [{ $eq: 1 }, ['one', 'list']],
  [{ $eq: { b: 1 } }, ['nested']],
  [{ $eq: [1, 'one'] }, ['list']],
  [{ $eq: [] }, ['none']],
  [{ $neq: 1 }, ['missing', 'null', 'two', 'text', 'empty', 'yes', 'none', 'nested']],
  [{ $gt: 1 }, ['two']],
  [{ $gte: 1 }, ['one', 'two', 'list']],
  [{ $lt: 2 }, ['one', 'list']],
  [{ $lte: 2 }, ['one', 'two', 'list']],
  [{ $gt: '' }, ['text', 'list']],
  [{ $in: [1, null] }, ['null', 'one', 'list']],
  [{ $in: [] }, []],
  [{ $nin: [1, null] }, ['missing', 'two', 'text', 'empty', 'yes', 'none', 'nested']],
  [{ $exist: true }, ['null', 'one', 'two', 'text', 'empty', 'yes', 'list', 'none', 'nested']],
  [{ $exist: false }, ['missing']],
  [{ $regex: '^o.e$' }, ['text', 'list']],
  [{ $startsWith: 'on' }, ['text', 'list']],
  [{ $endsWith: 'ne' }, ['text', 'list']],
  [{ $startsWith: '' }, ['text', 'empty', 'list']],
  [{ $not: 1 }, ['missing', 'null', 'two', 'text', 'empty', 'yes', 'none', 'nested']],
  [{ $not: { $gt: 1 } }, ['missing', 'null', 'one', 'text', 'empty', 'yes', 'list', 'none', 'nested']],
  [{ $or: [1, { $exist: false }] }, ['missing', 'one', 'list']],
  [{ $and: [{ $gte: 1 }, { $lte: 1 }] }, ['one', 'list']],
  [{ $gt: 0, $lt: 2 }, ['one', 'list']],
  [{ b: 1 }, ['nested']],
  [{ b: { $exist: false } }, Object.keys(values).filter((name) => name !== 'nested') as Name[]],
  [{}, Object.keys(values) as Name[]],
];

describe.each(table)('%j', (condition, holdsFor) => {
  test.each(Object.keys(values) as Name[])('of %s', (name) => {
    const data = values[name] === missing ? {} : { a: values[name] };
    expect(holds({ a: condition }, data)).toBe(holdsFor.includes(name));
  });
});

test.each([
  [{ 'a.b.c': 1 }, { a: { b: { c: 1 } } }, true],
  [{ a: { 'b.c': 1 } }, { a: { b: { c: 1 } } }, true],
  [{ 'a.b': 1 }, { 'a.b': 1 }, false],
  [{ 'items.sku': 'x' }, { items: [{ sku: 'y' }, { sku: 'x' }] }, true],
  [{ 'items.sku': { $neq: 'x' } }, { items: [{ sku: 'y' }, { sku: 'x' }] }, false],
  [{ 'items.1.sku': 'x' }, { items: [{ sku: 'y' }, { sku: 'x' }] }, true],
  [{ 'items.0.sku': 'x' }, { items: [{ sku: 'y' }, { sku: 'x' }] }, false],
  [{ 'items.sku': { $exist: false } }, { items: [] }, true],
  [{ 'list.0': 1 }, { list: [1, 2] }, true],
  [{ a: 1, b: 2 }, { a: 1, b: 3 }, false],
  [{ $or: [{ a: 1 }, { b: 2 }] }, { b: 2 }, true],
  [{ $not: { a: 1 } }, { a: 1 }, false],
  [{ constructor: { $exist: true } }, {}, false],
  [{ __proto__: { polluted: 1 }, toString: { $exist: false } }, {}, true],
])('%j over %j: %s', (filter, data, expected) => {
  expect(holds(filter, data)).toBe(expected);
});

test('headers are asked by their names in any case, beside data', () => {
  const compiled = compileFilter(
    { data: { a: 1 }, headers: { 'X-Region': { $in: ['eu'] } } },
    compilePattern,
  );
  if ('faults' in compiled) throw new Error('not compiled');
  expect(compiled.test({ data: { a: 1 }, headers: { 'x-region': 'eu' } })).toBe(true);
  expect(compiled.test({ data: { a: 1 }, headers: { 'x-region': 'us' } })).toBe(false);
  expect(compiled.test({ data: { a: 2 }, headers: { 'x-region': 'eu' } })).toBe(false);
});

test('the outermost objects combine too', () => {
  const filter = { $or: [{ data: { a: 1 } }, { $not: { headers: { b: { $exist: true } } } }] };
  const compiled = compileFilter(filter, compilePattern);
  if ('faults' in compiled) throw new Error('not compiled');
  expect(compiled.test({ data: { a: 1 }, headers: { b: '1' } })).toBe(true);
  expect(compiled.test({ data: {}, headers: {} })).toBe(true);
  expect(compiled.test({ data: {}, headers: { b: '1' } })).toBe(false);
});

describe('a filter that is not valid', () => {
  test.each([
    [[], ''],
    [{ body: {} }, 'body'],
    [{ data: { a: { $near: 1 } } }, 'data.a.$near'],
    [{ data: { a: { $gt: true } } }, 'data.a.$gt'],
    [{ data: { a: { $in: 'x' } } }, 'data.a.$in'],
    [{ data: { a: { $in: [{}] } } }, 'data.a.$in'],
    [{ data: { a: { $exist: 'yes' } } }, 'data.a.$exist'],
    [{ data: { a: { $regex: '(' } } }, 'data.a.$regex'],
    [{ data: { a: { $regex: '(?=a)' } } }, 'data.a.$regex'],
    [{ data: { a: { $startsWith: 1 } } }, 'data.a.$startsWith'],
    [{ data: { $or: [] } }, 'data.$or'],
    [{ data: { $or: [{ a: { $gt: null } }] } }, 'data.$or.0.a.$gt'],
    [{ $and: {} }, '$and'],
    [{ data: Array.from({ length: 20 }).reduce((inner) => ({ a: inner }), 1) }, `data${'.a'.repeat(16)}`],
    [{ data: Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`a${at}`, 1])) }, ''],
  ])('%j is refused at its place', (filter, path) => {
    const compiled = compileFilter(filter, compilePattern);
    expect('faults' in compiled && compiled.faults.map((fault) => fault.path)).toEqual([path]);
  });

  test('has all its faults named at once', () => {
    const compiled = compileFilter({ data: { a: { $gt: true }, b: { $near: 1 } }, body: 1 }, compilePattern);
    expect('faults' in compiled && compiled.faults.map(({ path }) => path)).toEqual([
      'data.a.$gt',
      'data.b.$near',
      'body',
    ]);
  });
});

test('a regular expression that explodes elsewhere ends in no time worth counting', () => {
  // Backtracking would take 2^50000 steps here; that the test ends at all is the point.
  expect(holds({ a: { $regex: '^(a+)+$' } }, { a: `${'a'.repeat(50_000)}b` })).toBe(false);
});
