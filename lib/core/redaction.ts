/** Shorter secrets cannot be told from other text; what stands for them would give them away. */
const leastLength = 4;
/** With more secrets than an endpoint and its events should have nothing of a text is shown. */
const mostSecrets = 100;
/** A secret of many characters that may be written in ways that begin alike may end in many places: then all that follows goes. */
const mostPlaces = 8;
/** Ways of writing that are compared for one text: many long secrets, each nearly there at each place, would take minutes. */
const mostComparisons = 500_000;

/** Takes secrets out of a text. */
export interface Redactor {
  /**
   * @param isCut whether the text goes on: what its end has of a secret, the rest of which was not read, goes too
   * @returns the text with `[redacted]` for each secret
   */
  readonly redact: (text: string, isCut: boolean) => string;
}

/**
 * Secrets are found in each way in which a receiver that echoes what it got would write them: plainly, in JSON, in a URL, in a
 * form or in HTML, character by character, for encoders differ in which characters they escape.
 * @param secrets in any order, as they are; those under 4 characters are left alone
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const texts = new Set<string>();
  for (const secret of secrets) {
    // Receivers that take a header's bytes for Latin-1.
    if (secret.length >= leastLength) texts.add(secret).add(Buffer.from(secret, 'utf8').toString('latin1'));
  }
  // The longest first: a header's value before the token inside it.
  const ordered = [...texts].sort((one, other) => other.length - one.length);
  if (ordered.length > 2 * mostSecrets) return { redact: () => '[redacted]' };
  const byBeginning = new Map<string, Ways[]>();
  for (const ways of ordered.map((text) => Array.from(text, waysOf))) {
    for (const beginning of new Set(ways[0]!.map((way) => way[0]!))) {
      byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), ways]);
    }
  }
  return {
    redact(text, isCut) {
      const folded = text.replace(escapes, (escape) => escape.toLowerCase());
      const looking: Looking = { text, folded, comparisonsLeft: mostComparisons };
      let redacted = '';
      let at = 0;
      while (at < text.length) {
        const ends = (byBeginning.get(text[at]!) ?? []).map((ways) => endOf(ways, looking, at));
        if (looking.comparisonsLeft < 0) return `${redacted}[redacted]`;
        const end = ends.find((one) => typeof one === 'number');
        if (end === undefined && isCut && ends.includes('begun')) return `${redacted}[redacted]`;
        redacted += end === undefined ? text[at]! : '[redacted]';
        at = end ?? at + 1;
      }
      return redacted;
    },
  };
}

/** How each character of a secret may be written. */
type Ways = readonly (readonly string[])[];

/** Escapes whose digits may be in upper case or in lower case, whole or cut. */
const escapes = /%[0-9a-f]{0,2}|\\u[0-9a-f]{0,4}|&#x[0-9a-f]{0,6};?/gi;

const htmlEntities: Readonly<Record<string, readonly string[]>> = {
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '"': ['&quot;'],
  "'": ['&apos;', '&#039;'],
};

/** How a character may be written, escapes in lower case. */
function waysOf(character: string): string[] {
  if (/^[a-z0-9]$/i.test(character)) return [character];
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');
  const code = character.codePointAt(0)!;
  return [
    character,
    JSON.stringify(character).slice(1, -1),
    `\\${character}`,
    Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join(''),
    Array.from(Buffer.from(character, 'utf8'), (byte) => `%${hex(byte, 2)}`).join(''),
    // As a form is encoded.
    ...(character === ' ' ? ['+'] : []),
    ...(htmlEntities[character] ?? []),
    `&#${code};`,
    `&#x${hex(code, 1)};`,
    `&#x${hex(code, 2)};`,
  ];
}

/** A text in which secrets are looked for. */
interface Looking {
  readonly text: string;
  /** The text with its escapes in lower case. */
  readonly folded: string;
  comparisonsLeft: number;
}

/**
 * Where a secret ends that begins at a place.
 * @param ways how each of its characters may be written
 * @returns `begun` when the text ends before the secret, and has at least 4 characters of it
 */
function endOf(ways: Ways, looking: Looking, start: number): number | 'begun' | undefined {
  const { text, folded } = looking;
  // A character may be the beginning of how another is written, so there may be several places to go on from.
  let places = new Set([start]);
  let isBegun = false;
  for (const [count, written] of ways.entries()) {
    if (looking.comparisonsLeft < 0) return undefined;
    const next = new Set<number>();
    looking.comparisonsLeft -= places.size * written.length;
    for (const at of places) {
      for (const way of written) {
        if (text.startsWith(way, at) || folded.startsWith(way, at)) next.add(at + way.length);
        else if (count >= leastLength && at + way.length > text.length) {
          isBegun ||= way.startsWith(text.slice(at)) || way.startsWith(folded.slice(at));
        }
      }
    }
    if (next.size === 0) return isBegun ? 'begun' : undefined;
    if (next.size > mostPlaces) return text.length;
    places = next;
  }
  return Math.max(...places);
}
