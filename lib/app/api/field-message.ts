import type { z } from 'zod';

/** What a value must be, by what zod calls its type. */
const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** What one of those is counted in. */
const units: Readonly<Record<string, readonly [one: string, several: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  record: ['member', 'members'],
};

/**
 * What is said of a value that breaks a rule without a message of its own: what would be right, in the words of all other
 * messages.
 */
export function fieldMessage(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing'
        : `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return bound('at least', Number(issue.minimum), issue.origin);
    case 'too_big':
      return bound('at most', Number(issue.maximum), issue.origin);
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : oneOf(issue.values.map(String));
    default:
      return 'has not the form that it must have';
  }
}

function bound(word: string, limit: number, origin: string): string {
  const unit = units[origin];
  if (!unit) return `must be ${word} ${limit}`;
  return `must have ${word} ${limit} ${limit === 1 ? unit[0] : unit[1]}`;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? `must be ${values[0]}` : `must be one of: ${values.join(', ')}`;
}
