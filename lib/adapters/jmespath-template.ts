import jmespath from 'jmespath';
import { growthOf } from './jmespath-growth.ts';

/** A step of a plain path: a member's name, or an index (from the end, if negative). */
export type PathStep = string | number;

/** What a JMESPath expression of a tenant compiles to. */
export type Template =
  /** Why it cannot be used. */
  | { readonly fault: string }
  /** Fields and indexes only: nothing in it can take long. */
  | { readonly path: readonly PathStep[] }
  | { readonly expression: string };

/** The most characters of an expression. */
export const mostTemplateCharacters = 256;
/** How many times as large as the data a result may be: as many as a template has room for that lists members. */
const mostGrowth = 64;

/** Compiles an expression, and says with its place what is wrong with it. */
export function compileTemplate(expression: string): Template {
  if (expression.length > mostTemplateCharacters)
    return { fault: `has ${expression.length} characters; the most is ${mostTemplateCharacters}` };
  let root: jmespath.Node;
  try {
    if (hasUnknownOperator(expression)) throw new Error('Unknown operator: =, did you mean ==?');
    root = jmespath.compile(expression);
    if (!isWhole(root)) throw new Error('a name is missing after a dot');
  } catch (error) {
    const { message } = error as Error;
    return { fault: `is no JMESPath: ${message} (at character ${faultPlace(expression)})` };
  }
  const path = pathOf(root);
  if (path) return { path };
  const fault = faultIn(root);
  if (fault !== undefined) return { fault };
  if (growthOf(root) > mostGrowth) return { fault: `repeats its data more than ${mostGrowth} times` };
  return { expression };
}

/** The lexer gives no token for a lone `=`, and the parser fails on that without a word. */
function hasUnknownOperator(expression: string): boolean {
  return jmespath.tokenize(expression).includes(undefined);
}

/** The parser lets a dot at the end pass, with nothing as what follows it. */
function isWhole(node: unknown): boolean {
  if (Array.isArray(node)) return node.every((part) => part !== undefined && isWhole(part));
  if (typeof node !== 'object' || node === null || (node as jmespath.Node).type === 'Literal') return true;
  return Object.values(node).every(isWhole);
}

/**
 * The first character that cannot stand where it does, counted from 1: up to it, the expression is only unfinished.
 * What the package throws does not say, and a template is short.
 */
function faultPlace(expression: string): number {
  let dotEnds = false;
  for (let length = 1; length <= expression.length; length++) {
    const { token, state } = readBeginning(expression.slice(0, length));
    if (state === 'wrong' || (state === 'dot' && dotEnds)) return token + 1;
    if (state !== 'token') dotEnds = state === 'dot';
  }
  return expression.length + 1;
}

/**
 * Where the last token of the beginning starts, and what that token makes of it: `wrong` whatever follows, a `dot` that
 * needs a name, fine, or the `token` itself is not at its end yet.
 */
function readBeginning(beginning: string): { token: number; state: 'wrong' | 'dot' | 'fine' | 'token' } {
  try {
    const tokens = jmespath.tokenize(beginning);
    const unknown = tokens.indexOf(undefined);
    const token = tokens.at(-1)?.start ?? 0;
    // A lone `=` is wrong only when no second one follows.
    if (unknown >= 0) {
      const at = beginning.indexOf('=', (tokens[unknown - 1]?.start ?? -1) + 1);
      return { token: at, state: unknown < tokens.length - 1 ? 'wrong' : 'token' };
    }
    return { token, state: stateOf(beginning) };
  } catch {
    return { token: 0, state: 'token' };
  }
}

function stateOf(beginning: string): 'wrong' | 'dot' | 'fine' {
  try {
    return isWhole(jmespath.compile(beginning)) ? 'fine' : 'dot';
  } catch (error) {
    return /EOF/.test((error as Error).message) ? 'fine' : 'wrong';
  }
}

/** @returns undefined for an expression that does more than name members and elements */
function pathOf(node: jmespath.Node): PathStep[] | undefined {
  const { type, name, value, children = [] } = node;
  if (type === 'Field') return [name!];
  if (type === 'Index') return [value as number];
  if (type === 'Identity' || type === 'Current') return [];
  if (type !== 'Subexpression' && type !== 'IndexExpression') return undefined;
  const steps = children.map(pathOf);
  return steps.every((step) => step !== undefined) ? steps.flat() : undefined;
}

/** Names that the objects which JMESPath itself makes inherit: they would lead out of the data. */
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype));

/** What compiles, and still cannot be used: functions that do not exist, names that no data has. */
function faultIn(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const { type, name } = node as jmespath.Node;
  if (type === 'Literal') return undefined;
  if (type === 'Function' && !isFunction(name!)) return `uses a function that does not exist: ${name}()`;
  if (type !== 'Function' && name !== undefined && inherited.has(name))
    return `uses the name ${name}, which can stand only in a plain path`;
  for (const part of Object.values(node)) {
    const fault = faultIn(part);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Called without arguments, a function that exists says that it wants some. */
function isFunction(name: string): boolean {
  try {
    jmespath.search(null, `${name}()`);
    return true;
  } catch (error) {
    return !(error as Error).message.startsWith('Unknown function');
  }
}
