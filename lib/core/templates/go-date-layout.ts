import type { Instant } from './instant.ts';

/**
 * The parts of Go's reference time, Mon Jan 2 15:04:05 MST 2006, in an order in which none hides a longer one. As in Go,
 * `Jan` and `Mon` are none before a lower-case letter (Janet, Month), `_2006` is an underscore and a year, and no digit
 * follows a fraction of a second. (https://pkg.go.dev/time#pkg-constants)
 */
const reference =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm|[-Z]07(?:0000|:00:00|00|:00|)|[.,](?:0+|9+)(?!\d)/g;

type Part = (date: Date) => string | number;

const hour12 = (date: Date) => date.getUTCHours() % 12 || 12;
const dayOfYear = (date: Date) => {
  const newYear = new Date(date).setUTCMonth(0, 1);
  return Math.floor((date.getTime() - newYear) / 86_400_000) + 1;
};
const twoDigits = (number: number) => String(number).padStart(2, '0');
const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const parts: Readonly<Record<string, Part>> = {
  January: (date) => months[date.getUTCMonth()]!,
  Jan: (date) => months[date.getUTCMonth()]!.slice(0, 3),
  Monday: (date) => days[date.getUTCDay()]!,
  Mon: (date) => days[date.getUTCDay()]!.slice(0, 3),
  MST: () => 'UTC',
  '01': (date) => twoDigits(date.getUTCMonth() + 1),
  '1': (date) => date.getUTCMonth() + 1,
  '02': (date) => twoDigits(date.getUTCDate()),
  '2': (date) => date.getUTCDate(),
  _2: (date) => String(date.getUTCDate()).padStart(2, ' '),
  '002': (date) => String(dayOfYear(date)).padStart(3, '0'),
  __2: (date) => String(dayOfYear(date)).padStart(3, ' '),
  '15': (date) => twoDigits(date.getUTCHours()),
  '03': (date) => twoDigits(hour12(date)),
  '3': hour12,
  '04': (date) => twoDigits(date.getUTCMinutes()),
  '4': (date) => date.getUTCMinutes(),
  '05': (date) => twoDigits(date.getUTCSeconds()),
  '5': (date) => date.getUTCSeconds(),
  '2006': (date) => String(date.getUTCFullYear()).padStart(4, '0'),
  '06': (date) => twoDigits(date.getUTCFullYear() % 100),
  PM: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  pm: (date) => (date.getUTCHours() < 12 ? 'am' : 'pm'),
};

/** Whether a layout says anything about a time. */
export function hasReference(layout: string): boolean {
  return layout.search(reference) >= 0;
}

/** The time in UTC, written as Go's `Time.Format` writes it. */
export function formatGoLayout({ seconds, nanoseconds }: Instant, layout: string): string {
  const date = new Date(seconds * 1000);
  return layout.replace(reference, (token) => {
    const part = Object.hasOwn(parts, token) ? parts[token] : undefined;
    if (part !== undefined) return String(part(date));
    if (token.startsWith('Z')) return 'Z';
    // The offset from UTC, which is none.
    if (token.startsWith('-')) return `+${token.slice(1).replace('7', '0')}`;
    return fraction(nanoseconds, token);
  });
}

/** @param token a dot or comma, then zeros for that many digits, or nines for as many without zeros at the end */
function fraction(nanoseconds: number, token: string): string {
  const digits = String(nanoseconds)
    .padStart(9, '0')
    .slice(0, token.length - 1);
  const shown = token[1] === '9' ? digits.replace(/0+$/, '') : digits;
  return shown === '' ? '' : token[0]! + shown;
}
