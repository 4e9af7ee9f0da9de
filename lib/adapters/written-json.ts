/** `JSON.rawJSON` and the third argument of a reviver, which TypeScript does not know yet. */
const { rawJSON } = JSON as typeof JSON & { rawJSON: (this: void, text: string) => unknown };
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** The most digits that a whole number gets for its exponent. */
const mostDigits = 400;

/**
 * A number whose text JavaScript would change, such as `1.10` or `12345678901234567890`: it counts as a number and is
 * written as it was, or without its exponent where it is a whole one.
 */
export class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** So that `Object.prototype.toString`, by which JMESPath tells types apart, calls it a number. */
  get [Symbol.toStringTag](): string {
    return 'Number';
  }

  valueOf(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }

  toJSON(): unknown {
    return rawJSON(plainNumber(this.text) ?? this.text);
  }
}

/**
 * A number of JSON without an exponent, if it is a whole one: `1e+06` is `1000000`. Others stay as they are.
 * @returns undefined for a whole number of more than 400 digits, written with an exponent
 */
export function plainNumber(text: string): string | undefined {
  const [, sign, whole, fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const significant = `${whole}${fraction}`.replace(/0+$/, '');
  if (significant.replace(/^0+/, '') === '') return '0';
  const zeros = Number(exponent) + whole!.length - significant.length;
  if (zeros < 0) return text;
  if (significant.length + zeros > mostDigits) return undefined;
  return String(BigInt(`${sign}${significant}${'0'.repeat(zeros)}`));
}

/**
 * The prototype of what is parsed: JMESPath asks an object for `hasOwnProperty`, and there is nothing else to be reached
 * by a name that the data does not have.
 */
const bare = Object.freeze(
  Object.create(null, {
    hasOwnProperty: Object.getOwnPropertyDescriptor(Object.prototype, 'hasOwnProperty')!,
  }) as object,
);

/**
 * Parses JSON so that nothing is lost: numbers that JavaScript would write differently are WrittenNumbers, and objects
 * have no prototype that their data could be mistaken for.
 * @throws SyntaxError for what is no JSON, RangeError for what is nested too deep
 */
export function parseWritten(text: string): unknown {
  return JSON.parse(text, revive);
}

/** An object with these members and, like those that are parsed, nothing else. */
export function bareObject(members: Readonly<Record<string, unknown>>): object {
  return Object.assign(Object.create(bare) as object, members);
}

const revive: Reviver = (_, value, context) => {
  if (typeof value === 'number') {
    const source = context?.source ?? '';
    const isKept = String(value) === source && !source.includes('e');
    return isKept ? value : new WrittenNumber(source);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    Object.setPrototypeOf(value, bare);
  return value;
};
