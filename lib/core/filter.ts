import { type PatternCompiler, type Test, isNegative, operators, opposites } from './filter-operators.ts';

/** What a filter is asked about: an event's data, parsed, and its headers with names in lower case. */
export interface Filtered {
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

export type FilterTest = (event: Filtered) => boolean;

/** One fault of a filter, with its place such as `data.amount.$gte`. */
export interface FilterFault {
  readonly path: string;
  readonly message: string;
}

/** A filter runs on every event; these bounds keep its cost small. */
const mostDepth = 16;
const mostConditions = 200;

/** What is gathered while one filter is compiled. */
interface Compiling {
  readonly faults: FilterFault[];
  readonly compilePattern: PatternCompiler;
  conditions: number;
}

/**
 * Checks a content filter and makes it ready for use:
 * `{"data": {"amount": {"$gte": 100}, "customer.tags": "vip"}, "headers": {"x-region": {"$in": ["eu", "us"]}}}`.
 * All conditions of an object must hold. A path leads through objects by name, nested or dotted, and through arrays
 * by position or into any element; each condition by itself. A bare value means `$eq`. An array in the event satisfies
 * a condition when it does itself, or one of its elements does. `$neq`, `$nin` and `$not` hold exactly where their
 * opposites do not, so also where a path leads nowhere. `$gt` and its kin compare numbers with numbers and strings with
 * strings, nothing else.
 * The operators are those of Convoy and Outpost.
 * @returns the test, or every fault that the filter has
 */
export function compileFilter(
  filter: unknown,
  compilePattern: PatternCompiler,
): { readonly test: FilterTest } | { readonly faults: readonly FilterFault[] } {
  const compiling: Compiling = { faults: [], compilePattern, conditions: 0 };
  const test = compileScopes(filter, compiling, '', 0);
  if (compiling.conditions > mostConditions) {
    fault(compiling, '', `has ${compiling.conditions} conditions; the most is ${mostConditions}`);
  }
  return test === undefined || compiling.faults.length > 0 ? { faults: compiling.faults } : { test };
}

/** The outermost objects: which part of the event is asked about, and what combines such questions. */
function compileScopes(
  filter: unknown,
  compiling: Compiling,
  path: string,
  depth: number,
): FilterTest | undefined {
  if (!isObject(filter))
    return fault(compiling, path, 'must be an object with data, headers, $or, $and or $not');
  if (depth > mostDepth) return fault(compiling, path, `is more than ${mostDepth} objects deep`);
  return all(
    Object.entries(filter).map(([name, part]): FilterTest | undefined => {
      const at = join(path, name);
      const inner = (operand: unknown, place: string) => compileScopes(operand, compiling, place, depth + 1);
      if (isCombination(name)) return combine(name, part, compiling, at, inner);
      if (name !== 'data' && name !== 'headers')
        return fault(compiling, at, 'must be data, headers, $or, $and or $not');
      // Header names are compared in lower case, as they arrive.
      const asked = name === 'headers' && isObject(part) ? lowerCaseNames(part) : part;
      const test = compileCondition(asked, [], compiling, at, depth + 1);
      return test && ((event) => test(event[name]));
    }),
  );
}

/** What is asked of what the names lead to: a bare value, operators, or further names. The test is of the whole scope. */
function compileCondition(
  condition: unknown,
  names: readonly string[],
  compiling: Compiling,
  path: string,
  depth: number,
): Test | undefined {
  if (!isObject(condition)) {
    compiling.conditions++;
    return atPath(names, operators.$eq(condition));
  }
  if (depth > mostDepth) return fault(compiling, path, `is more than ${mostDepth} objects deep`);
  return all(
    Object.entries(condition).map(([name, operand]): Test | undefined => {
      const at = join(path, name);
      const inner = (part: unknown, place: string, further: readonly string[] = []) =>
        compileCondition(part, [...names, ...further], compiling, place, depth + 1);
      if (isCombination(name)) return combine(name, operand, compiling, at, inner);
      if (!name.startsWith('$')) return inner(operand, at, name.split('.'));
      compiling.conditions++;
      return compileOperator(name, operand, names, compiling, at);
    }),
  );
}

function compileOperator(
  name: string,
  operand: unknown,
  names: readonly string[],
  compiling: Compiling,
  path: string,
): Test | undefined {
  const positive = Object.hasOwn(opposites, name) ? opposites[name as keyof typeof opposites] : name;
  if (!Object.hasOwn(operators, positive))
    return fault(compiling, path, `is no operator; there are ${known.join(', ')}`);
  const test = operators[positive as keyof typeof operators](operand, compiling.compilePattern);
  if (typeof test === 'string') return fault(compiling, path, test);
  const found = atPath(names, test);
  // Outside of the path: of an array, no element may be what `$neq` names.
  return isNegative(name, operand) ? (scope) => !found(scope) : found;
}

type Combination = '$or' | '$and' | '$not';
const known = [...Object.keys(operators), ...Object.keys(opposites), '$or', '$and', '$not'];

function isCombination(name: string): name is Combination {
  return name === '$or' || name === '$and' || name === '$not';
}

function combine<Asked>(
  name: Combination,
  operand: unknown,
  compiling: Compiling,
  path: string,
  compile: (part: unknown, path: string) => ((asked: Asked) => boolean) | undefined,
): ((asked: Asked) => boolean) | undefined {
  if (name === '$not') {
    const test = compile(operand, path);
    return test && ((asked) => !test(asked));
  }
  if (!Array.isArray(operand) || operand.length === 0)
    return fault(compiling, path, 'must be a list of conditions');
  const tests = operand.map((part: unknown, index) => compile(part, `${path}.${index}`));
  if (tests.includes(undefined)) return undefined;
  const whole = tests as ((asked: Asked) => boolean)[];
  return name === '$or' ? (asked) => whole.some((test) => test(asked)) : all(whole);
}

function all<Asked>(
  tests: readonly (((asked: Asked) => boolean) | undefined)[],
): ((asked: Asked) => boolean) | undefined {
  if (tests.includes(undefined)) return undefined;
  const whole = tests as readonly ((asked: Asked) => boolean)[];
  return (asked) => whole.every((test) => test(asked));
}

/** The test of what names lead to; where they lead nowhere, of undefined. */
function atPath(names: readonly string[], test: Test): Test {
  if (names.length === 0) return test;
  const [name, ...rest] = names as [string, ...string[]];
  const next = atPath(rest, test);
  return (value) => {
    if (!Array.isArray(value)) return next(isObject(value) ? own(value, name) : undefined);
    if (/^\d+$/.test(name)) return next(value[Number(name)]);
    return value.some((element) => isObject(element) && next(own(element, name)));
  };
}

function own(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lowerCaseNames(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name.startsWith('$') ? name : name.toLowerCase(), part]),
  );
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function fault(compiling: Compiling, path: string, message: string): undefined {
  compiling.faults.push({ path, message });
  return undefined;
}
