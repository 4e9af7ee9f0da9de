import type jmespath from 'jmespath';

/** Each element of the first may become as much as the second makes of it. */
const chains: ReadonlySet<string> = new Set([
  'Subexpression',
  'IndexExpression',
  'Projection',
  'ValueProjection',
  'FilterProjection',
  'Pipe',
]);
/** Functions that do so, too: each of the values gets the glue, or what the expression makes of it. */
const chaining: ReadonlySet<string> = new Set(['join', 'map']);
/** Characters of a literal that count as much as an element of the data. */
const literalUnit = 16;
/** What a text as glue counts that is no literal: it may be as long as all data. */
const unknownGlue = 16;

/**
 * How many times as large as the data the result of an expression, or anything on the way to it, may be: an estimate,
 * that grows with each step that repeats what it is given. An expression of 200 characters can repeat a billion times.
 */
export function growthOf(node: jmespath.Node): number {
  const { type, name, value } = node;
  if (type === 'Literal') return Math.ceil((JSON.stringify(value)?.length ?? 0) / literalUnit) || 1;
  const growths = partsOf(node).map(growthOf);
  const [first = 1] = growths;
  if (type === 'Function' && name === 'join' && partsOf(node)[0]?.type !== 'Literal')
    return product(growths) * unknownGlue;
  if (chains.has(type) || (type === 'Function' && chaining.has(name!))) return product(growths);
  // A text in quotes has a backslash before each quote and each backslash.
  if (type === 'Function' && name === 'to_string') return 2 * first;
  return Math.max(sum(growths), 1);
}

function partsOf({ children = [], value }: jmespath.Node): readonly jmespath.Node[] {
  return [...children, value].filter((part) => typeof part === 'object' && part !== null) as jmespath.Node[];
}

function product(factors: readonly number[]): number {
  return factors.reduce((all, factor) => all * factor, 1);
}

function sum(terms: readonly number[]): number {
  return terms.reduce((all, term) => all + term, 0);
}
