/** Makes a test out of a regular expression, one that takes linear time on any text. Throws when it is not valid. */
export type PatternCompiler = (pattern: string) => (text: string) => boolean;

/** Asked of a value of an event; undefined where there is none. */
export type Test = (value: unknown) => boolean;

type Scalar = string | number | boolean | null;
/** The test that an operator makes of its operand, or what is wrong with the operand. */
type Operator = (operand: unknown, compilePattern?: PatternCompiler) => Test | string;

const mostListed = 100;
const mostPatternCharacters = 500;

/** The operators, each with the test that holds of some value; none holds of a value that is not there. */
export const operators = {
  $eq: (operand) => ofAny((value) => isSame(value, operand)),
  $gt: ordered((order) => order > 0),
  $gte: ordered((order) => order >= 0),
  $lt: ordered((order) => order < 0),
  $lte: ordered((order) => order <= 0),
  $in: (operand) => {
    if (!Array.isArray(operand) || !operand.every(isScalar))
      return 'must be a list of strings, numbers, booleans or null';
    if (operand.length > mostListed) return `must have at most ${mostListed} entries`;
    const wanted = new Set<unknown>(operand);
    return ofAny((value) => wanted.has(value));
  },
  $exist: (operand) => {
    if (typeof operand !== 'boolean') return 'must be true or false';
    return (value) => value !== undefined;
  },
  $regex: (operand, compilePattern) => {
    if (typeof operand !== 'string' || operand.length > mostPatternCharacters) {
      return `must be a regular expression of at most ${mostPatternCharacters} characters`;
    }
    try {
      const matches = compilePattern!(operand);
      return ofAny((value) => typeof value === 'string' && matches(value));
    } catch (error) {
      return `is no regular expression (RE2 syntax): ${(error as Error).message}`;
    }
  },
  $startsWith: ofText((value, operand) => value.startsWith(operand)),
  $endsWith: ofText((value, operand) => value.endsWith(operand)),
} as const satisfies Record<string, Operator>;

/** Whether an operator says that its operand's test is not to hold. */
export function isNegative(name: string, operand: unknown): boolean {
  return Object.hasOwn(opposites, name) || (name === '$exist' && operand === false);
}

/** The operators that hold where another does not. */
export const opposites = { $neq: '$eq', $nin: '$in' } as const satisfies Record<
  string,
  keyof typeof operators
>;

/** An array satisfies a test when it does itself, or one of its elements does. */
function ofAny(test: Test): Test {
  return (value) => test(value) || (Array.isArray(value) && value.some(test));
}

function ordered(holds: (order: number) => boolean): Operator {
  return (operand) => {
    if (typeof operand !== 'number' && typeof operand !== 'string') return 'must be a number or a string';
    return ofAny(
      (value) => typeof value === typeof operand && holds(compare(value as typeof operand, operand)),
    );
  };
}

function compare<T extends number | string>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function ofText(holds: (value: string, operand: string) => boolean): Operator {
  return (operand) => {
    if (typeof operand !== 'string') return 'must be a string';
    return ofAny((value) => typeof value === 'string' && holds(value, operand));
  };
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Whether two JSON values are the same; the order of names means nothing. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  );
}
