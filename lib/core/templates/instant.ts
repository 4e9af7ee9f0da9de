import { RawJson } from '../raw-json.ts';
import type { JsonValue } from './json-value.ts';

/** A moment, to the nanosecond, within the years 0000 to 9999. */
export interface Instant {
  /** Whole seconds since 1970. */
  readonly seconds: number;
  /** The rest, from 0 to 999,999,999. */
  readonly nanoseconds: number;
}

/** Longer texts are no times, and not looked at: one may have as many digits as its sender likes. */
const mostLength = 64;
const earliest = Date.parse('0000-01-01T00:00:00Z') / 1000;
const latest = Date.parse('9999-12-31T23:59:59Z') / 1000;

/**
 * The time that a value stands for: a string in RFC 3339, or a number of unix seconds. What is finer than a
 * nanosecond is cut off.
 * @returns undefined for what is no time, has more than 64 characters, or lies beyond the years 0000 to 9999
 */
export function instantOf(value: JsonValue): Instant | undefined {
  const text = value instanceof RawJson ? value.text : value;
  if (typeof text !== 'string' || text.length > mostLength) return undefined;
  const instant = value instanceof RawJson ? ofUnixSeconds(text) : ofRfc3339(text);
  return instant && instant.seconds >= earliest && instant.seconds <= latest ? instant : undefined;
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

function ofRfc3339(text: string): Instant | undefined {
  const [matched, day, clock, fraction = '', sign, hours, minutes] = rfc3339.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const local = `${day}T${clock}.000Z`;
  const milliseconds = Date.parse(local);
  // Days beyond the end of a month, and 24:00:00, are moved by Date.parse; they are no times here.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== local) return undefined;
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 3600 + Number(minutes) * 60);
  return { seconds: milliseconds / 1000 - offset, nanoseconds: nanosecondsOf(fraction) };
}

function ofUnixSeconds(literal: string): Instant | undefined {
  const value = Number(literal);
  // Far beyond the range, digits would not be written plainly; close to it, the double may have been rounded.
  if (Math.abs(value) > latest + 1) return undefined;
  // Digits as they are written, for a double has not all nanoseconds of our days.
  const plain = /e/i.test(literal) ? value.toFixed(9) : literal;
  const [whole, fraction = ''] = plain.split('.') as [string, string?];
  const nanoseconds = nanosecondsOf(fraction);
  return plain.startsWith('-') && nanoseconds > 0
    ? { seconds: Number(whole) - 1, nanoseconds: 1_000_000_000 - nanoseconds }
    : { seconds: Number(whole), nanoseconds };
}

const nanosecondsOf = (fraction: string) => Number(fraction.slice(0, 9).padEnd(9, '0'));
